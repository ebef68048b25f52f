using OrleansLM.Engine.Runtime;

namespace OrleansLM.Engine.State;

/// <summary>
/// Where the computed state of one sequence lies: page ids or a slot id, the same in all stages. Owned by the scheduler's thread; no memory is touched
/// here, what must be copied goes into the step's batch.
/// <para>
/// Order of a step: <see cref="TryReserve"/> and <see cref="AddSegment"/> for every sequence that takes part, then, once the batch is closed,
/// <see cref="Advance"/> for each. Batches must then run in the order in which they were closed, in every stage. Release, Truncate and Fork lie
/// between two batches, never between reserving and closing: only then may pages that are given back be handed out again at once. A batch
/// that was closed but failed leaves its sequences' states undefined: release them and compute anew.
/// </para>
/// </summary>
public abstract class SequenceState
{
    private protected SequenceState(PagePool pool) => Pool = pool;

    /// <summary>Tokens whose state is computed, or is being computed by a closed batch: [0, ComputedLength).</summary>
    public int ComputedLength { get; private protected set; }

    /// <summary>Pages or slots held; shared ones count for each holder.</summary>
    public abstract int UnitsHeld { get; }

    private protected PagePool Pool { get; }

    /// <summary>Pages or slots that <see cref="TryReserve"/> would take from the pool.</summary>
    public abstract int UnitsToReserve(int tokens);

    /// <summary>
    /// Makes room for the next <paramref name="tokens"/> tokens and makes what they write to this sequence's own, adding the copies that takes to
    /// <paramref name="batch"/>. All or nothing: false, and nothing is changed, when the pool has not that many units free.
    /// </summary>
    public abstract bool TryReserve(int tokens, StepBatch batch);

    /// <summary>Adds rows for <paramref name="tokens"/>, which come right after the computed ones and were reserved, to <paramref name="batch"/>.</summary>
    /// <returns>The index of the first row.</returns>
    public abstract int AddSegment(StepBatch batch, ReadOnlySpan<int> tokens);

    /// <summary>The batch with this sequence's next <paramref name="tokens"/> rows is closed.</summary>
    public abstract void Advance(int tokens);

    /// <summary>
    /// Forgets everything from <paramref name="position"/> on, or more where the state at that position is not kept: behind a sliding window, or a
    /// recurrent state without a checkpoint there.
    /// </summary>
    /// <returns><see cref="ComputedLength"/>, at most <paramref name="position"/>: the tokens from there on are to be computed again.</returns>
    public abstract int Truncate(int position);

    /// <summary>
    /// A second sequence that shares the state of the first <paramref name="position"/> tokens; the first to write into what is shared copies it.
    /// Needs no free unit. Its <see cref="ComputedLength"/> may be less, as with <see cref="Truncate"/>. O(pages).
    /// </summary>
    public abstract SequenceState Fork(int position);

    /// <summary>Gives everything back; the sequence is then empty and may be used again.</summary>
    public abstract void Release();

    /// <summary>Lists the units whose bytes are this state, by position: pages that reach beyond <paramref name="from"/>, or checkpoints and the current slot.</summary>
    public abstract void ListUnits(int from, List<StateUnit> units);

    /// <summary>Whether this state still holds the unit for the same position.</summary>
    public abstract bool Holds(StateUnit unit);

    /// <summary>
    /// Takes units for a state whose bytes come from elsewhere, one for each position of <paramref name="positions"/> (as <see cref="ListUnits"/> gives them), after
    /// cutting this state back to the first. All or nothing, but for checkpoints, which are left out (unit -1) where the pool is short. Until
    /// <see cref="EndRestore"/> nothing of it counts as computed.
    /// </summary>
    /// <param name="positions">Ascending.</param>
    /// <param name="units">Gets the units.</param>
    /// <returns>False, and nothing was taken: the pool is too full.</returns>
    public abstract bool TryRestore(ReadOnlySpan<int> positions, List<StateUnit> units);

    /// <summary>The units of <see cref="TryRestore"/> are filled: [0, <paramref name="length"/>) is computed.</summary>
    public void EndRestore(int length) => ComputedLength = length;

    /// <summary>The units of <see cref="TryRestore"/> will not be filled; what was computed before it still is, as far as it was not cut back.</summary>
    public abstract void AbandonRestore();

    private protected void RequirePosition(int position)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(position, ComputedLength);
    }
}
