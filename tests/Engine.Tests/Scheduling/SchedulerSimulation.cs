using OrleansLM.Engine.Scheduling;

namespace OrleansLM.Engine.Tests.Scheduling;

/// <summary>Plays a random workload against the scheduler with a make-believe executor, and holds every decision to the invariants.</summary>
internal sealed class SchedulerSimulation
{
    private readonly Random _random;
    private readonly SchedulerLimits _limits;
    private readonly List<SimulatedTurn> _running = [];
    private readonly List<SimulatedTurn> _waiting = [];
    private readonly List<SimulatedTurn> _idle = [];
    private readonly List<SimulatedTurn> _evictable = [];
    private readonly List<SimulatedTurn> _savable = [];
    private readonly SchedulerState _state = new();
    private readonly StepPlan _plan = new();
    private readonly Queue<SimulatedTurn> _arrivals = new();
    private long _step;

    public SchedulerSimulation(int seed)
    {
        _random = new Random(seed);
        _limits = RandomLimits();
        var count = _random.Next(1, 25);
        for (var i = 0; i < count; i++)
        {
            var turn = SimulatedTurn.Create(_random, i, _limits);
            if (_limits.CouldEverFit(turn.Known) && turn.Known + turn.ToGenerate <= _limits.CapacityTokens)
            {
                _arrivals.Enqueue(turn);
                Submitted++;
            }
        }
    }

    public int Submitted { get; }

    public int Finished { get; private set; }

    public int Refused { get; private set; }

    public int Preemptions { get; private set; }

    public int Evictions { get; private set; }

    public int Saves { get; private set; }

    public void Run()
    {
        var work = _arrivals.Sum(turn => turn.Known + turn.ToGenerate);
        var bound = 200 + 40L * work;
        while (Finished + Refused < Submitted)
        {
            Assert.True(++_step < bound, $"no end after {_step} steps: {Finished} of {Submitted} finished, limits {_limits}");
            ArriveAndPause();
            EndSaves();
            var decision = DecideUntilStep();
            if (decision.Kind == DecisionKind.Idle)
            {
                Assert.True(
                    _arrivals.Count > 0 || _idle.Any(turn => turn.IsSaving) || _running.Concat(_waiting).All(turn => turn.Paused),
                    $"idle while a turn could run: {_limits}, free {_limits.TotalPages - UsedPages}, running {string.Join(' ', _running)}, waiting {string.Join(' ', _waiting)}");
                continue;
            }

            CheckPlan();
            Execute();
        }
    }

    private SchedulerLimits RandomLimits()
    {
        var recurrent = _random.Next(5) == 0;
        var pageTokens = recurrent ? int.MaxValue : 1 << _random.Next(1, 6);
        int? window = !recurrent && _random.Next(4) == 0 ? _random.Next(1, 100) : null;
        return new SchedulerLimits(
            MaxStepTokens: _random.Next(1, 9) * 16, MaxRunningTurns: _random.Next(1, 12), TotalPages: _random.Next(recurrent ? 1 : 4, 40),
            pageTokens, window, TimeSpan.FromSeconds(_random.Next(3) == 0 ? _random.Next(0, 50) : 1_000_000));
    }

    private void ArriveAndPause()
    {
        while (_arrivals.Count > 0 && _random.Next(3) == 0)
        {
            var turn = _arrivals.Dequeue();
            turn.SubmittedAt = _step;
            _waiting.Add(turn);
        }

        foreach (var turn in _running.Concat(_waiting))
        {
            turn.Paused = turn.Pausing && (turn.Paused ? _random.Next(4) != 0 : _random.Next(10) == 0);
        }
    }

    private Decision DecideUntilStep()
    {
        var closed = false;
        for (var round = 0; round < 1000; round++)
        {
            Observe(closed);
            var decision = Scheduler.Decide(_limits, _state, _plan);
            switch (decision.Kind)
            {
                case DecisionKind.Idle or DecisionKind.Step:
                    return decision;
                case DecisionKind.Admit:
                    Assert.False(_waiting[decision.Index].Paused);
                    _waiting[decision.Index].LastStep = _step;
                    Insert(_running, _waiting[decision.Index]);
                    _waiting.RemoveAt(decision.Index);
                    break;
                case DecisionKind.Refuse:
                    Assert.False(_waiting[decision.Index].Started, "a turn that has started is never refused");
                    _waiting[decision.Index].Drop();
                    _waiting.RemoveAt(decision.Index);
                    Refused++;
                    break;
                case DecisionKind.Evict:
                    Drop(_evictable[decision.Index]);
                    Evictions++;
                    break;
                case DecisionKind.Save:
                    Assert.InRange(_idle.Count(turn => turn.IsSaving), 0, _limits.MaxSaves - 1);
                    _savable[decision.Index].IsSaving = true;
                    Saves++;
                    break;
                case DecisionKind.Preempt:
                    closed = true;
                    Preempt(_running[decision.Index]);
                    break;
                default:
                    Assert.Fail($"{decision.Kind} though every turn fits alone");
                    break;
            }
        }

        Assert.Fail("no decision after 1000 rounds");
        return default;
    }

    /// <summary>What is being saved is saved at some time; it may be dropped then, or is gone.</summary>
    private void EndSaves()
    {
        foreach (var turn in _idle.Where(turn => turn.IsSaving && _random.Next(5) == 0).ToArray())
        {
            turn.IsSaving = turn.NeedsSaving = false;
            if (_random.Next(2) == 0)
            {
                turn.Drop();
                _idle.Remove(turn);
            }
        }
    }

    private void Preempt(SimulatedTurn turn)
    {
        Assert.NotSame(_running[0], turn);
        Assert.Empty(_evictable);
        Assert.DoesNotContain(_idle, other => other.HeldPages > 0);
        _running.Remove(turn);
        turn.Drop();
        Insert(_waiting, turn);
        Preemptions++;
    }

    private void Drop(SimulatedTurn turn)
    {
        Assert.False(_idle.Contains(turn) && turn.NeedsSaving, "a state was dropped that is to be saved before");
        Assert.False(!_idle.Contains(turn) && _idle.Any(other => other.HeldPages > 0), "a turn lost its state while something idle had some");
        turn.Drop();
        _idle.Remove(turn);
        if (_running.Remove(turn))
        {
            Assert.True(turn.Paused);
            Insert(_waiting, turn);
        }
    }

    private static void Insert(List<SimulatedTurn> turns, SimulatedTurn turn)
    {
        var at = turns.FindIndex(other => other.Arrival > turn.Arrival);
        turns.Insert(at < 0 ? turns.Count : at, turn);
    }

    private int UsedPages => _running.Concat(_waiting).Concat(_idle).Sum(turn => turn.HeldPages);

    private void Observe(bool closed)
    {
        _state.Clear();
        _state.AdmissionClosed = closed;
        _state.Running.AddRange(_running.Select(turn => turn.View(_step)));
        _state.Waiting.AddRange(_waiting.Select(turn => turn.View(_step)));
        _evictable.Clear();
        _evictable.AddRange(_idle.Where(turn => !turn.NeedsSaving));
        _evictable.AddRange(_running.Where(turn => turn.Paused).Reverse());
        _evictable.AddRange(Enumerable.Reverse(_waiting));
        _evictable.RemoveAll(turn => turn.HeldPages == 0);
        _state.Evictable.AddRange(_evictable.Select(turn => new EvictableView(turn.HeldPages)));
        ObserveSaves();
        _state.FreePages = _limits.TotalPages - UsedPages;
        var toSave = _idle.Where(turn => turn.NeedsSaving).Sum(turn => turn.HeldPages);
        _state.ReclaimablePages = _evictable.Where(turn => !_state.AwaitsSaves || _idle.Contains(turn)).Sum(turn => turn.HeldPages);
        _state.ReclaimableBesideHead = toSave + _evictable.Sum(turn => turn.HeldPages) - (_state.Head < 0 ? 0 : _waiting[_state.Head].HeldPages);
    }

    private void ObserveSaves()
    {
        _savable.Clear();
        _savable.AddRange(_idle.Where(turn => turn is { NeedsSaving: true, IsSaving: false, HeldPages: > 0 }));
        _state.Savable.AddRange(_savable.Select(turn => new EvictableView(turn.HeldPages)));
        _state.Saving = _idle.Count(turn => turn.IsSaving);
        _state.SavingPages = _idle.Where(turn => turn.IsSaving).Sum(turn => turn.HeldPages);
        _state.IdleCount = _evictable.Count(_idle.Contains);
    }

    private void CheckPlan()
    {
        var rows = 0;
        var pages = 0;
        var seen = new HashSet<int>();
        foreach (var share in _plan.Shares)
        {
            var turn = _running[share.Turn];
            Assert.True(seen.Add(share.Turn), "a turn stands twice in a step");
            Assert.False(turn.Paused);
            Assert.InRange(share.Rows, 1, turn.Known - turn.Computed);
            rows += share.Rows;
            pages += _limits.PagesFor(turn.View(_step), share.Rows);
        }

        Assert.Equal(rows, _plan.RowCount);
        Assert.InRange(rows, 1, _limits.MaxStepTokens);
        Assert.InRange(seen.Count, 1, _limits.MaxRunningTurns);
        Assert.InRange(pages, 0, _limits.TotalPages - UsedPages);
        CheckNobodyStarves(seen);
    }

    private void CheckNobodyStarves(HashSet<int> served)
    {
        var oldest = _running.FindIndex(turn => !turn.Paused);

        // Turns that were paused and came back may make more than there are places for; then the decoding ones end first.
        var crowded = _state.Saving > 0 || _running.Count(turn => !turn.Paused) > _limits.MaxRunningTurns;
        if (oldest >= 0)
        {
            var turn = _running[oldest];
            turn.Unserved = crowded || served.Contains(oldest) ? 0 : turn.Unserved + 1;
            Assert.True(
                turn.Unserved <= 2 * _limits.MaxRunningTurns,
                $"the oldest turn {turn} got no rows in {turn.Unserved} steps: {_limits}, running {string.Join(' ', _running)}, served {string.Join(' ', served)}");
        }
    }

    private void Execute()
    {
        foreach (var share in _plan.Shares)
        {
            _running[share.Turn].Advance(share.Rows, _step, _limits);
        }

        for (var i = _running.Count - 1; i >= 0; i--)
        {
            var turn = _running[i];
            if (turn.Computed == turn.Known && turn.Generate() == 0)
            {
                _running.RemoveAt(i);
                _idle.Add(turn);
                Finished++;
            }
        }
    }
}
