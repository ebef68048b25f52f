using OrleansLM.Engine.State.Transfer;

namespace OrleansLM.Engine.Runtime;

/// <summary>The tokens of one conversation inside an engine, and a handle on their computed state. Disposing gives the state back.</summary>
public interface IEngineSequence : IAsyncDisposable
{
    SequenceId Id { get; }

    /// <summary>Tokens held, those of a running turn included.</summary>
    int Length { get; }

    /// <summary>Tokens whose state is in memory: [0, Length]. The rest is prefilled at the next turn.</summary>
    int ComputedLength { get; }

    /// <summary>
    /// Asked for when memory is wanted and this sequence, which is idle, is the next to give its state: its owner keeps the state elsewhere (<see cref="ExportAsync"/>) and may
    /// dispose the sequence. When the task ends, however it ends, or after <see cref="EngineOptions.SaveTimeout"/>, the state may be dropped; meanwhile the turn that
    /// wants memory waits and the others go on. Called on the engine's thread, so it must return at once. Null: the state is dropped without more ado.
    /// </summary>
    Func<Task>? BeforeDrop { get; set; }

    /// <summary>
    /// Asked for when a stage was lost, and the state of the turn that runs here with it, and the stages are whole again: its owner brings in what it keeps elsewhere
    /// (<see cref="ImportAsync"/>), in a sequence of its own that begins with the same tokens and is the engine's from then on. The turn waits until the task ends, and computes what it
    /// did not bring. Called on the engine's thread, so it must return at once. Null: all is computed again.
    /// </summary>
    Func<Task<IEngineSequence?>>? AfterLoss { get; set; }

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

    /// <summary>
    /// Opens what is computed now for reading, pages or recurrent state alike; allowed while a turn runs, which goes on. Costs the engine no copy, but for the last
    /// page (or slot), when the sequence goes on before that is read. Write it somewhere with <see cref="StateWriter"/>.
    /// </summary>
    /// <exception cref="EngineException">InvalidArgument: nothing is computed from there on, or the position is not one where a page begins.</exception>
    ValueTask<IStateExport> ExportAsync(StateExportOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Takes in the state of this sequence's first tokens from elsewhere (see <see cref="StateReader"/>), dropping idle states where the pool is full. What is computed
    /// already and reaches further stays. Not while a turn runs (Busy).
    /// </summary>
    /// <param name="source">Where the bytes come from.</param>
    /// <param name="upTo">Tokens wanted at most: a part of a stored state may be used.</param>
    /// <param name="cancellationToken">Ends it, with nothing taken in.</param>
    /// <returns><see cref="ComputedLength"/>.</returns>
    /// <exception cref="StateException">The state is of another model or of other tokens, cut short or damaged.</exception>
    /// <exception cref="EngineException">ResourceExhausted: running turns hold the memory.</exception>
    ValueTask<int> ImportAsync(IStateSource source, int upTo = int.MaxValue, CancellationToken cancellationToken = default);

    /// <summary>
    /// Shares, copy-on-write, what another sequence of this engine has computed of the tokens with which both begin, when that is more than what is computed here.
    /// Not while a turn runs (Busy).
    /// </summary>
    /// <returns><see cref="ComputedLength"/>.</returns>
    ValueTask<int> ShareAsync(IEngineSequence donor, CancellationToken cancellationToken = default);
}
