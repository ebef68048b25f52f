using System.Threading.Tasks.Sources;

namespace OrleansLM.Silo.Sessions;

/// <summary>
/// Wakes one reader, straight on the scheduler that it awaits on: one hop between threads, and nothing allocated. Its buffer sees to it that it is set
/// once after each reset.
/// </summary>
internal sealed class TurnSignal : IValueTaskSource
{
    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };

    public ValueTask WaitAsync() => new(this, _core.Version);

    public void Reset() => _core.Reset();

    public void Set() => _core.SetResult(true);

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
