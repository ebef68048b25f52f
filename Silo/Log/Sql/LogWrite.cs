using OrleansLM.Contracts.Errors;

namespace OrleansLM.Silo.Log.Sql;

/// <summary>
/// A change to the log, made on the writer's thread. <see cref="Apply"/> checks first and writes then: when it throws an
/// <see cref="OrleansLMException"/> nothing was written, and the other writes of its group go on. It may run twice, when its group failed.
/// </summary>
internal abstract class LogWrite(LogWriteUrgency urgency)
{
    public LogWriteUrgency Urgency { get; } = urgency;

    public abstract void Apply(LogWriter writes);

    /// <summary>What <see cref="Apply"/> wrote is undone; it may be applied again.</summary>
    public virtual void Undone()
    {
    }

    public abstract void Committed();

    public abstract void Failed(Exception failure);
}
