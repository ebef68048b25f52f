namespace OrleansLM.Engine.State.Transfer;

/// <summary>
/// The state of a sequence as it was at one moment, for reading. The sequence goes on meanwhile: what it writes is written to copies. Memory that runs short may
/// take the state away before it is read; then reading fails and nothing else does. Disposing gives it back.
/// </summary>
public interface IStateExport : IAsyncDisposable
{
    StateHeader Header { get; }

    /// <summary>The ids of [0, To).</summary>
    ReadOnlyMemory<int> Tokens { get; }

    /// <summary>
    /// Brings units to the host, from index <paramref name="first"/> of <see cref="StateHeader.Positions"/> on, as many as the destination holds. The engine's thread
    /// spends the time of that copy on it, between two steps.
    /// </summary>
    /// <param name="first">[0, Positions.Count).</param>
    /// <param name="destination">At least one unit long.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Units read; 0: this one, a checkpoint, was given up meanwhile.</returns>
    /// <exception cref="Runtime.EngineException">ResourceExhausted: the state was dropped to make room; Unavailable: the engine has stopped.</exception>
    ValueTask<int> ReadAsync(int first, Memory<byte> destination, CancellationToken cancellationToken = default);
}
