using OrleansLM.Engine.Runtime;

namespace OrleansLM.Engine.State;

/// <summary>
/// The recurrent state of one sequence: a slot, copy-on-write, and checkpoints: slots that keep the state as it was at earlier positions, so that a
/// rollback computes again only what came after the nearest one. A checkpoint is a shared reference to the current slot, so taking one costs
/// a copy at the next write and nothing before.
/// </summary>
public sealed class RecurrentSequenceState : SequenceState
{
    private const int NoSlot = -1;

    private readonly CheckpointPolicy _policy;
    private readonly List<Checkpoint> _checkpoints;
    private int _slot = NoSlot;

    /// <param name="pool">The slots of the replica.</param>
    /// <param name="policy">When checkpoints are taken and how many are kept.</param>
    public RecurrentSequenceState(PagePool pool, CheckpointPolicy policy)
        : base(pool)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(policy.IntervalTokens, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(policy.MaxCheckpoints);
        _policy = policy;
        _checkpoints = new List<Checkpoint>(policy.MaxCheckpoints + 1);
    }

    public override int UnitsHeld => _checkpoints.Count + (_slot == NoSlot ? 0 : 1);

    /// <summary>The slot that holds the state at <see cref="SequenceState.ComputedLength"/>; -1 for an empty sequence.</summary>
    public int Slot => _slot;

    /// <summary>Positions of the checkpoints, ascending.</summary>
    public IEnumerable<int> CheckpointPositions => _checkpoints.Select(checkpoint => checkpoint.Position);

    public override int UnitsToReserve(int tokens) => tokens > 0 && MustTakeSlot ? 1 : 0;

    /// <summary>When the pool is full, this sequence's own checkpoints are given up first, the oldest first.</summary>
    public override bool TryReserve(int tokens, StepBatch batch)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tokens);
        while (UnitsToReserve(tokens) > Pool.FreeCount && DropOldestCheckpoint())
        {
        }

        if (UnitsToReserve(tokens) > Pool.FreeCount)
        {
            return false;
        }

        if (UnitsToReserve(tokens) > 0)
        {
            TakeSlot(batch);
        }

        return true;
    }

    public override int AddSegment(StepBatch batch, ReadOnlySpan<int> tokens) => MustTakeSlot
        ? throw new InvalidOperationException($"{tokens.Length} tokens from position {ComputedLength} were not reserved")
        : batch.AddSegment(tokens, ComputedLength, [], firstPage: 0, _slot);

    public override void Advance(int tokens)
    {
        var before = ComputedLength / _policy.IntervalTokens;
        ComputedLength += tokens;
        if (_policy.MaxCheckpoints > 0 && ComputedLength / _policy.IntervalTokens > before)
        {
            Pool.AddReference(_slot);
            _checkpoints.Add(new Checkpoint(ComputedLength, _slot));
            ThinOut();
        }
    }

    public override int Truncate(int position)
    {
        RequirePosition(position);
        if (position == ComputedLength)
        {
            return position;
        }

        DropCheckpointsAfter(position);
        GiveBackSlot();
        ComputedLength = 0;
        Resume();
        return ComputedLength;
    }

    public override SequenceState Fork(int position)
    {
        RequirePosition(position);
        var fork = new RecurrentSequenceState(Pool, _policy);
        foreach (var checkpoint in _checkpoints.Where(checkpoint => checkpoint.Position <= position))
        {
            Pool.AddReference(checkpoint.Slot);
            fork._checkpoints.Add(checkpoint);
        }

        if (position == ComputedLength && _slot != NoSlot)
        {
            fork.StartFrom(new Checkpoint(position, _slot));
        }
        else
        {
            fork.Resume();
        }

        return fork;
    }

    public override void ListUnits(int from, List<StateUnit> units)
    {
        units.AddRange(_checkpoints.Where(checkpoint => checkpoint.Position < ComputedLength).Select(checkpoint => new StateUnit(checkpoint.Slot, checkpoint.Position)));
        if (_slot != NoSlot)
        {
            units.Add(new StateUnit(_slot, ComputedLength));
        }
    }

    public override bool Holds(StateUnit unit) => unit.Position == ComputedLength
        ? unit.Unit == _slot
        : _checkpoints.Contains(new Checkpoint(unit.Position, unit.Unit));

    public override bool TryRestore(ReadOnlySpan<int> positions, List<StateUnit> units)
    {
        Release();
        var checkpoints = Math.Min(Math.Min(positions.Length, Pool.FreeCount) - 1, _policy.MaxCheckpoints);
        if (checkpoints < 0)
        {
            return false;
        }

        var skipped = positions.Length - 1 - checkpoints;
        for (var i = 0; i < positions.Length; i++)
        {
            units.Add(new StateUnit(i < skipped ? NoSlot : Pool.Rent(), positions[i]));
        }

        _checkpoints.AddRange(units[skipped..^1].Select(unit => new Checkpoint(unit.Position, unit.Unit)));
        _slot = units[^1].Unit;
        return true;
    }

    public override void AbandonRestore() => Release();

    /// <summary>Gives up one checkpoint, if it is still there.</summary>
    public void DropCheckpoint(StateUnit unit)
    {
        if (_checkpoints.Remove(new Checkpoint(unit.Position, unit.Unit)))
        {
            Pool.Release(unit.Unit);
        }
    }

    public override void Release()
    {
        DropCheckpointsAfter(-1);
        GiveBackSlot();
        ComputedLength = 0;
    }

    /// <summary>Gives up the oldest checkpoint, for example because another sequence needs the slot.</summary>
    /// <returns>False when there is none.</returns>
    public bool DropOldestCheckpoint()
    {
        if (_checkpoints.Count == 0)
        {
            return false;
        }

        Pool.Release(_checkpoints[0].Slot);
        _checkpoints.RemoveAt(0);
        return true;
    }

    private bool MustTakeSlot => _slot == NoSlot || Pool.References(_slot) > 1;

    private void TakeSlot(StepBatch batch)
    {
        var slot = Pool.Rent();
        batch.AddCopy(new StateCopy(_slot, slot));
        GiveBackSlot();
        _slot = slot;
    }

    private void GiveBackSlot()
    {
        if (_slot != NoSlot)
        {
            Pool.Release(_slot);
            _slot = NoSlot;
        }
    }

    /// <summary>Goes on from the newest checkpoint, if there is one.</summary>
    private void Resume()
    {
        if (_checkpoints.Count > 0)
        {
            StartFrom(_checkpoints[^1]);
        }
    }

    private void StartFrom(Checkpoint checkpoint)
    {
        Pool.AddReference(checkpoint.Slot);
        _slot = checkpoint.Slot;
        ComputedLength = checkpoint.Position;
    }

    private void DropCheckpointsAfter(int position)
    {
        while (_checkpoints.Count > 0 && _checkpoints[^1].Position > position)
        {
            Pool.Release(_checkpoints[^1].Slot);
            _checkpoints.RemoveAt(_checkpoints.Count - 1);
        }
    }

    /// <summary>
    /// Removes the checkpoint whose loss costs least: the gap that it leaves, in proportion to how far back it lies. So the recent past stays dense and the
    /// distant past thins out.
    /// </summary>
    private void ThinOut()
    {
        if (_checkpoints.Count <= _policy.MaxCheckpoints)
        {
            return;
        }

        var (victim, least) = (0, double.PositiveInfinity);
        for (var i = 0; i < _checkpoints.Count - 1; i++)
        {
            var before = i == 0 ? 0 : _checkpoints[i - 1].Position;
            var gap = _checkpoints[i + 1].Position - before;
            var cost = (double)gap / (ComputedLength - before);
            (victim, least) = cost < least ? (i, cost) : (victim, least);
        }

        Pool.Release(_checkpoints[victim].Slot);
        _checkpoints.RemoveAt(victim);
    }

    private readonly record struct Checkpoint(int Position, int Slot);
}
