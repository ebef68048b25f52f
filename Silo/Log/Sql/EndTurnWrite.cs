using OrleansLM.Contracts.Messages;

namespace OrleansLM.Silo.Log.Sql;

/// <summary>The end of a turn with the tokens that still wait in its tail.</summary>
internal sealed class EndTurnWrite(TurnTail tail, TurnEnd end, DateTimeOffset time, DateTimeOffset? expireTime) : LogWrite(LogWriteUrgency.Durable)
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _count;

    public Task Task => _done.Task;

    public override void Apply(LogWriter writes)
    {
        var (position, ids) = tail.Take();
        _count = ids.Length;
        TurnWrites.End(writes, tail, position, ids, end, time, expireTime);
    }

    public override void Undone() => tail.GiveBack(_count);

    public override void Committed()
    {
        tail.Committed(_count);
        _done.TrySetResult();
    }

    public override void Failed(Exception failure) => _done.TrySetException(failure);
}
