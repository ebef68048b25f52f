using Orleans.Runtime;
using OrleansLM.Contracts.Messages;

namespace OrleansLM.Gateway.Routing;

/// <summary>Reads a turn's events; the loss of their silo ends the reading instead of failing it.</summary>
internal sealed class LossyReader : IAsyncDisposable
{
    private readonly StreamWatch _watch;
    private readonly CancellationToken _caller;
    private readonly CancellationTokenSource _end;
    private readonly IAsyncEnumerator<TurnEvent> _events;

    public LossyReader(IAsyncEnumerable<TurnEvent> events, StreamWatch watch, CancellationToken cancellationToken)
    {
        (_watch, _caller) = (watch, cancellationToken);
        _end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, watch.Lost);
        _events = events.GetAsyncEnumerator(_end.Token);
    }

    public TurnEvent Current => _events.Current;

    /// <summary>Why the events ended before their time; null when they did not.</summary>
    public Exception? Loss { get; private set; }

    public async ValueTask<bool> MoveNextAsync()
    {
        try
        {
            _watch.Waits();
            var isThere = await _events.MoveNextAsync();
            _watch.Came();
            return isThere;
        }
        catch (Exception failure) when (SiloLoss.Is(failure) && !_caller.IsCancellationRequested)
        {
            Loss = failure;
            return false;
        }
        catch (OperationCanceledException) when (_watch.Lost.IsCancellationRequested && !_caller.IsCancellationRequested)
        {
            Loss = new SiloUnavailableException("The silo that had the stream is gone; another one has the session.");
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await _events.DisposeAsync();
        }
        catch (Exception failure) when (Loss is not null || SiloLoss.Is(failure))
        {
            // A stream whose silo is gone has nothing left to end.
        }
        finally
        {
            _end.Dispose();
        }
    }
}
