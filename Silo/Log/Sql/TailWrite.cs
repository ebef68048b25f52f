using Microsoft.Extensions.Logging;
using OrleansLM.Contracts.Errors;

namespace OrleansLM.Silo.Log.Sql;

/// <summary>The tokens that wait in a tail. Nobody waits for it; what fails is written with the next group, or with the turn's end.</summary>
internal sealed class TailWrite(LogWriteUrgency urgency, TurnTail tail, ILogger logger) : LogWrite(urgency)
{
    private int _count;

    public override void Apply(LogWriter writes)
    {
        var (position, ids) = tail.Take();
        _count = ids.Length;
        if (_count > 0)
        {
            writes.AppendTokens(tail.Session, position, ids);
        }
    }

    public override void Undone() => tail.GiveBack(_count);

    public override void Committed() => tail.Committed(_count);

    public override void Failed(Exception failure)
    {
        SqlLogMessages.TailFailed(logger, failure, tail.Session.SessionId, tail.TurnId, _count);
        if (failure is OrleansLMException { Reason: "SESSION_MOVED" } moved)
        {
            tail.Fence(moved);
        }
    }
}
