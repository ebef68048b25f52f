namespace OrleansLM.Engine.Runtime;

/// <summary>The tokens of one conversation inside an engine, and a handle on their computed state. Disposing gives the state back.</summary>
public interface IEngineSequence : IAsyncDisposable
{
    SequenceId Id { get; }

    /// <summary>Tokens held, those of a running turn included.</summary>
    int Length { get; }

    /// <summary>Tokens whose state is in memory: [0, Length]. The rest is prefilled at the next turn.</summary>
    int ComputedLength { get; }

    /// <summary>A copy of the tokens in [start, end).</summary>
    int[] CopyTokens(int start, int end);

    /// <summary>
    /// Queues a turn: appends <see cref="TurnRequest.Tokens"/>, computes what is not yet computed, then generates. One turn at a time.
    /// If the turn fails, the sequence is as it was before.
    /// </summary>
    /// <exception cref="EngineException">InvalidArgument, ContextFull, Busy (another turn runs) or ResourceExhausted (the queue is full, or the turn can never fit).</exception>
    IEngineTurn Submit(TurnRequest request);

    /// <summary>A new sequence with the first <paramref name="position"/> tokens, which shares computed pages copy-on-write. O(pages).</summary>
    /// <exception cref="EngineException">InvalidArgument: position outside [0, Length]; ResourceExhausted: no room for a recurrent state (the fork then starts uncomputed instead, so attention models never throw it).</exception>
    ValueTask<IEngineSequence> ForkAsync(int position, CancellationToken cancellationToken = default);

    /// <summary>Drops all tokens from <paramref name="position"/> on. Not while a turn runs (Busy).</summary>
    ValueTask TruncateAsync(int position, CancellationToken cancellationToken = default);
}
