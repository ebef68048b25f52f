namespace OrleansLM.Silo.Log.Sql;

/// <summary>A write that somebody waits for.</summary>
internal sealed class AwaitedWrite<T>(LogWriteUrgency urgency, Func<LogWriter, T> apply) : LogWrite(urgency)
{
    private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T _result = default!;

    public Task<T> Task => _done.Task;

    public override void Apply(LogWriter writes) => _result = apply(writes);

    public override void Committed() => _done.TrySetResult(_result);

    public override void Failed(Exception failure) => _done.TrySetException(failure);
}
