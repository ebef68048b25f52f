namespace OrleansLM.Engine.State.Transfer;

/// <summary>A stored state from its beginning to its end, once.</summary>
public interface IStateSource
{
    StateHeader Header { get; }

    /// <summary>The ids of [0, To).</summary>
    ReadOnlyMemory<int> Tokens { get; }

    /// <summary>The next unit, in the order of <see cref="StateHeader.Positions"/>.</summary>
    /// <param name="destination"><see cref="StateHeader.UnitBytes"/> long.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>False: this unit, a checkpoint, was left out.</returns>
    /// <exception cref="StateException">Truncated or Damaged.</exception>
    ValueTask<bool> ReadAsync(Memory<byte> destination, CancellationToken cancellationToken = default);
}
