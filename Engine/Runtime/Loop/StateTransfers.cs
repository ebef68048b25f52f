using OrleansLM.Engine.Runtime.Turns;
using OrleansLM.Engine.State;

namespace OrleansLM.Engine.Runtime.Loop;

/// <summary>State that leaves the engine as bytes, comes in as bytes, or is shared from one sequence to another. Engine's thread, between two steps.</summary>
internal sealed class StateTransfers(EngineParts parts, StateLedger ledger, StepPlanner planner, PrefixCache prefixes, StateCarriage carriage, Action publishLoad)
{
    public int UnitBytes => checked((int)parts.Chain.UnitBytes);

    /// <summary>A second holder of the state's units, so that they stay as they are; idle, so that it is given up when memory runs short.</summary>
    public SequenceState Hold(EngineSequence source, bool wholePagesOnly)
    {
        var computed = source.KnownLength;
        return source.State.Fork(wholePagesOnly && !parts.IsRecurrent ? computed - computed % parts.Options.PageTokens : computed);
    }

    /// <summary>Reads units from the given index on, as many as there is room for and are still held.</summary>
    public async ValueTask<int> ReadAsync(EngineSequence held, IReadOnlyList<StateUnit> units, int first, Memory<byte> destination)
    {
        var there = new List<int>();
        while (first + there.Count < units.Count && (there.Count + 1) * (long)UnitBytes <= destination.Length && held.State.Holds(units[first + there.Count]))
        {
            there.Add(units[first + there.Count].Unit);
        }

        var count = there.Count;
        if (count > 0)
        {
            await parts.Chain.ReadUnitsAsync(there.ToArray(), destination[..(count * UnitBytes)]).ConfigureAwait(false);
        }

        return count > 0 || first < units.Count - 1 && parts.IsRecurrent && held.State.ComputedLength > 0 ? count : throw new EngineException(
            EngineError.ResourceExhausted, $"the state of {held.Id} was dropped to make room before it was read");
    }

    /// <summary>
    /// Takes units for a state that comes in, dropping what is idle where the pool is full. What has to be saved before it is dropped is waited for: then no units are given, and
    /// it is asked again after <paramref name="wait"/>; the sequence is busy meanwhile.
    /// </summary>
    /// <param name="sequence">Whose state.</param>
    /// <param name="from">The sequence must be computed up to here.</param>
    /// <param name="positions">Where the units begin.</param>
    /// <param name="wait">What to wait for, when no units are given.</param>
    /// <exception cref="EngineException">ResourceExhausted; Unavailable: the sequence was disposed, or what the state goes on from was dropped.</exception>
    public List<StateUnit>? BeginRestore(EngineSequence sequence, int from, ReadOnlyMemory<int> positions, out Task? wait)
    {
        RequireAlive(sequence);
        if (sequence.State.ComputedLength < from)
        {
            ledger.EndRestore(sequence);
            throw new EngineException(EngineError.Unavailable, $"{sequence.Id} is computed up to {sequence.State.ComputedLength}, since state was dropped meanwhile; the state that comes in goes on from {from}");
        }

        wait = carriage.Over;
        if (wait is not null)
        {
            ledger.EndRestore(sequence);
            return null;
        }

        ledger.BeginRestore(sequence);
        var units = new List<StateUnit>(positions.Length);
        wait = planner.MakeRoom(positions.Length);
        if (wait is not null)
        {
            return null;
        }

        var done = sequence.State.TryRestore(positions.Span, units);
        Publish(sequence);
        if (done)
        {
            return units;
        }

        ledger.EndRestore(sequence);
        throw new EngineException(EngineError.ResourceExhausted, $"the state needs {positions.Length} pages; {parts.Pool.FreeCount} of {parts.Pool.PageCount} are free and running turns hold the rest");
    }

    /// <summary>Fills one of the units, or gives it up when its bytes were left out.</summary>
    public ValueTask WriteAsync(EngineSequence sequence, StateUnit unit, ReadOnlyMemory<byte>? bytes)
    {
        RequireAlive(sequence);
        RequireKept(sequence);
        if (bytes is { } given)
        {
            return parts.Chain.WriteUnitAsync(unit.Unit, given);
        }

        ((RecurrentSequenceState)sequence.State).DropCheckpoint(unit);
        return ValueTask.CompletedTask;
    }

    public void EndRestore(EngineSequence sequence, int length)
    {
        RequireAlive(sequence);
        RequireKept(sequence);
        sequence.State.EndRestore(length);
        prefixes.Enter(sequence, 0, sequence.State.ComputedLength);
        Publish(sequence);
        ledger.EndRestore(sequence);
    }

    /// <summary>Nothing was taken, and it is not asked again.</summary>
    public void StopWaiting(EngineSequence sequence) => ledger.EndRestore(sequence);

    public void AbandonRestore(EngineSequence sequence)
    {
        if (!sequence.IsDisposed)
        {
            sequence.State.AbandonRestore();
            Publish(sequence);
        }

        ledger.EndRestore(sequence);
    }

    /// <summary>Lets a sequence share what another one has computed of the tokens with which both begin, when that is more than it has itself.</summary>
    public static void Share(EngineSequence sequence, EngineSequence donor)
    {
        RequireAlive(sequence);
        var count = Math.Min(sequence.Tokens.Count, donor.KnownLength);
        var common = sequence.Tokens.Span(0, count).CommonPrefixLength(donor.Tokens.Span(0, count));
        var shared = donor.State.Fork(common);
        if (shared.ComputedLength > sequence.State.ComputedLength)
        {
            (shared, sequence.State) = (sequence.State, shared);
            sequence.LastStep = Math.Max(sequence.LastStep, donor.LastStep);
            sequence.PublishComputed();
        }

        shared.Release();
    }

    private void Publish(EngineSequence sequence)
    {
        sequence.PublishComputed();
        publishLoad();
    }

    /// <exception cref="EngineException">Unavailable: a stage was lost, and what had come in with it.</exception>
    private void RequireKept(EngineSequence sequence)
    {
        if (!ledger.Restoring.Contains(sequence))
        {
            throw new EngineException(EngineError.Unavailable, $"a stage was lost while the state of {sequence.Id} came in");
        }
    }

    private static void RequireAlive(EngineSequence sequence)
    {
        if (sequence.IsDisposed)
        {
            throw new EngineException(EngineError.Unavailable, $"{sequence.Id} was disposed");
        }
    }
}
