using OrleansLM.Contracts.Messages;

namespace OrleansLM.Gateway.Routing;

/// <summary>Reads a turn's events; the loss of their silo ends the reading instead of failing it.</summary>
internal sealed class LossyReader(IAsyncEnumerable<TurnEvent> events, CancellationToken cancellationToken) : IAsyncDisposable
{
    private readonly IAsyncEnumerator<TurnEvent> _events = events.GetAsyncEnumerator(cancellationToken);

    public TurnEvent Current => _events.Current;

    /// <summary>Why the events ended before their time; null when they did not.</summary>
    public Exception? Loss { get; private set; }

    public async ValueTask<bool> MoveNextAsync()
    {
        try
        {
            return await _events.MoveNextAsync();
        }
        catch (Exception failure) when (SiloLoss.Is(failure) && !cancellationToken.IsCancellationRequested)
        {
            Loss = failure;
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
    }
}
