using OrleansLM.Engine.Scheduling;

namespace OrleansLM.Engine.Tests.Scheduling;

public sealed class SchedulerTests
{
    private readonly SchedulerState _state = new();
    private readonly StepPlan _plan = new();

    [Fact]
    public void Decode_rows_come_first_and_prefill_fills_the_budget()
    {
        _state.FreePages = 100;
        _state.Running.Add(Turn(0, target: 1000, computed: 0));
        _state.Running.Add(Turn(1, target: 40, computed: 39));
        _state.Running.Add(Turn(2, target: 80, computed: 79));
        Assert.Equal(DecisionKind.Step, Decide(budget: 64).Kind);
        Assert.Equal([new StepShare(1, 1), new StepShare(2, 1), new StepShare(0, 62)], _plan.Shares.ToArray());
    }

    [Fact]
    public void Where_stages_work_at_the_same_time_a_prompt_is_cut_into_steps_of_equal_time()
    {
        var limits = Limits(budget: 4096, running: 8) with { TotalPages = 100_000, DecodeGroups = 2, AttentionTokens = 26_000 };
        _state.FreePages = 100_000;
        var times = new List<double>();
        for (var computed = 0; computed < 32_768; computed += _plan.RowCount)
        {
            _state.Running.Clear();
            _state.Running.Add(Turn(0, target: 40_000, computed: computed));
            Assert.Equal(DecisionKind.Step, Scheduler.Decide(limits, _state, _plan).Kind);
            times.Add(_plan.RowCount * (1 + (computed + _plan.RowCount / 2.0) / limits.AttentionTokens));
        }

        // What a pipeline of two loses is its longest step on one stage.
        Assert.InRange(times.Max() / times.Sum(), 0, 0.05);
        Assert.InRange(times.Max() / times.Min(), 1, 1.5);
        Assert.Equal([4096, 4096], new[] { 0, 30_000 }.Select(computed => (limits with { DecodeGroups = 1 }).PrefillRows(computed)));
        Assert.Equal([1024, 512], new[] { 0, 200_000 }.Select(computed => (limits with { DecodeGroups = 8 }).PrefillRows(computed)));
        Assert.Equal(512, (limits with { MaxStepTokens = 512 }).PrefillRows(0));
        Assert.Equal(2048, (limits with { WindowTokens = 1000 }).PrefillRows(200_000));
    }

    [Fact]
    public void A_short_prompt_passes_beside_a_long_one()
    {
        _state.FreePages = 5000;
        _state.Running.Add(Turn(0, target: 128_000, computed: 4096));
        _state.Running.Add(Turn(1, target: 100, computed: 0));
        Decide(budget: 512);
        Assert.Equal(2, _plan.Shares.Length);
        Assert.Contains(new StepShare(1, 100), _plan.Shares.ToArray());
        Assert.Contains(new StepShare(0, 412), _plan.Shares.ToArray());
    }

    [Fact]
    public void More_decoding_turns_than_rows_take_turns()
    {
        _state.FreePages = 1000;
        for (var i = 0; i < 20; i++)
        {
            _state.Running.Add(Turn(i, target: 40, computed: 39, lastStep: i < 16 ? 9 : 3));
        }

        Decide(budget: 16, running: 32);
        Assert.Equal(16, _plan.Shares.Length);
        Assert.Subset(_plan.Shares.ToArray().Select(share => share.Turn).ToHashSet(), new HashSet<int> { 16, 17, 18, 19 });
    }

    [Fact]
    public void Turns_are_admitted_in_order_while_their_known_tokens_and_a_page_fit()
    {
        _state.FreePages = 4;
        _state.Waiting.Add(Turn(0, target: 48, computed: 0));
        _state.Waiting.Add(Turn(1, target: 1, computed: 0));
        Assert.Equal(new Decision(DecisionKind.Admit, 0), Decide());
        _state.FreePages = 3;
        Assert.Equal(DecisionKind.Idle, Decide().Kind);
    }

    [Fact]
    public void What_running_turns_still_need_is_not_given_away()
    {
        _state.FreePages = 10;
        _state.Running.Add(Turn(0, target: 160, computed: 32));
        _state.Waiting.Add(Turn(1, target: 16, computed: 0));
        Assert.Equal(DecisionKind.Step, Decide().Kind);
    }

    [Fact]
    public void A_turn_that_waited_too_long_for_memory_is_refused_and_a_started_one_is_not()
    {
        _state.Waiting.Add(Turn(0, target: 48, computed: 0) with { Started = true, Waited = TimeSpan.FromHours(1) });
        _state.Waiting.Add(Turn(1, target: 48, computed: 0) with { Waited = TimeSpan.FromSeconds(10) });
        Assert.Equal(new Decision(DecisionKind.Refuse, 1), Decide());
    }

    [Fact]
    public void A_turn_that_waits_for_a_running_place_is_not_refused()
    {
        _state.FreePages = 10;
        _state.Running.Add(Turn(0, target: 10, computed: 9));
        _state.Waiting.Add(Turn(1, target: 48, computed: 0) with { Waited = TimeSpan.FromHours(1) });
        Assert.Equal(DecisionKind.Step, Decide(running: 1).Kind);
    }

    [Fact]
    public void Idle_state_goes_before_a_running_turn_is_preempted()
    {
        _state.Running.Add(Turn(0, target: 17, computed: 16));
        _state.Running.Add(Turn(1, target: 10, computed: 9));
        _state.Evictable.Add(new EvictableView(0));
        _state.Evictable.Add(new EvictableView(3));
        _state.ReclaimablePages = 3;
        Assert.Equal(new Decision(DecisionKind.Evict, 1), Decide());
        _state.Evictable.Clear();
        _state.ReclaimablePages = 0;
        Assert.Equal(new Decision(DecisionKind.Preempt, 1), Decide());
    }

    [Fact]
    public void The_youngest_turn_waits_instead_of_preempting_an_older_one()
    {
        _state.Running.Add(Turn(0, target: 10, computed: 9));
        _state.Running.Add(Turn(1, target: 17, computed: 16));
        Assert.Equal(DecisionKind.Step, Decide().Kind);
        Assert.Equal([new StepShare(0, 1)], _plan.Shares.ToArray());
    }

    [Fact]
    public void A_turn_that_has_the_whole_pool_and_needs_more_is_ended()
    {
        _state.Running.Add(Turn(0, target: 17, computed: 16));
        Assert.Equal(new Decision(DecisionKind.Exhausted, 0), Decide());
    }

    [Fact]
    public void A_shared_page_costs_a_page_before_it_is_written()
    {
        _state.FreePages = 1;
        _state.Running.Add(Turn(0, target: 10, computed: 9) with { CopyOnWrite = true });
        Assert.Equal(DecisionKind.Step, Decide().Kind);
        _state.FreePages = 0;
        Assert.Equal(DecisionKind.Exhausted, Decide().Kind);
    }

    [Fact]
    public void After_a_failed_step_each_suspect_runs_alone_and_the_others_go_on()
    {
        _state.FreePages = 100;
        _state.Running.Add(Turn(0, target: 10, computed: 9, lastStep: 5) with { Suspect = true });
        _state.Running.Add(Turn(1, target: 10, computed: 9, lastStep: 5) with { Suspect = true });
        _state.Running.Add(Turn(2, target: 10, computed: 9, lastStep: 4));
        _state.Running.Add(Turn(3, target: 10, computed: 9, lastStep: 4));
        var seen = new List<int[]>();
        for (var step = 6; step < 9; step++)
        {
            Assert.Equal(DecisionKind.Step, Decide().Kind);
            var turns = _plan.Shares.ToArray().Select(share => share.Turn).ToArray();
            seen.Add(turns);
            foreach (var turn in turns)
            {
                _state.Running[turn] = _state.Running[turn] with { LastStep = step };
            }
        }

        Assert.Equal([[2, 3], [0], [1]], seen);
    }

    [Fact]
    public void Paused_turns_get_no_rows_and_take_no_place()
    {
        _state.FreePages = 100;
        _state.Running.Add(Turn(0, target: 10, computed: 9) with { Paused = true });
        _state.Waiting.Add(Turn(1, target: 10, computed: 0) with { Paused = true });
        _state.Waiting.Add(Turn(2, target: 10, computed: 0));
        Assert.Equal(new Decision(DecisionKind.Admit, 1), Decide(running: 1));
    }

    [Fact]
    public void What_is_idle_is_saved_before_it_is_dropped_and_nothing_is_taken_from_turns_meanwhile()
    {
        _state.Running.Add(Turn(0, target: 33, computed: 32));
        _state.Running.Add(Turn(1, target: 40, computed: 39));
        _state.Evictable.Add(new EvictableView(5));
        _state.ReclaimableBesideHead = 12;
        _state.Savable.Add(new EvictableView(0));
        _state.Savable.Add(new EvictableView(4));
        Assert.Equal(new Decision(DecisionKind.Save, 1), Decide());
        _state.Savable.RemoveAt(1);
        (_state.Saving, _state.SavingPages) = (1, 1);
        Assert.Equal(DecisionKind.Step, Decide().Kind);
        _state.SavingPages = 0;
        Assert.Equal(new Decision(DecisionKind.Save, 0), Decide());
        _state.Savable.Clear();
        _state.Saving = 2;
        Assert.Equal(DecisionKind.Step, Decide().Kind);
        Assert.Equal([new StepShare(1, 1)], _plan.Shares.ToArray());
        (_state.IdleCount, _state.ReclaimablePages) = (1, 5);
        Assert.Equal(new Decision(DecisionKind.Evict, 0), Decide());
    }

    [Fact]
    public void Deciding_allocates_nothing_once_warm()
    {
        _state.FreePages = 1000;
        for (var i = 0; i < 40; i++)
        {
            _state.Running.Add(Turn(i, target: i % 4 == 0 ? 500 : 40, computed: 39));
        }

        var limits = Limits(budget: 32, running: 64);
        Scheduler.Decide(limits, _state, _plan);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            Scheduler.Decide(limits, _state, _plan);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Random_workloads_all_end_within_their_limits()
    {
        var (finished, refused, preemptions, evictions, saves) = (0, 0, 0, 0, 0);
        for (var seed = 0; seed < 1500; seed++)
        {
            var simulation = new SchedulerSimulation(seed);
            simulation.Run();
            finished += simulation.Finished;
            refused += simulation.Refused;
            preemptions += simulation.Preemptions;
            evictions += simulation.Evictions;
            saves += simulation.Saves;
        }

        // The workloads are tight enough that every kind of decision was met.
        Assert.True(finished > 5000 && refused > 50 && preemptions > 50 && evictions > 500 && saves > 500, $"{finished} {refused} {preemptions} {evictions} {saves}");
    }

    private Decision Decide(int budget = 64, int running = 8) => Scheduler.Decide(Limits(budget, running), _state, _plan);

    private static SchedulerLimits Limits(int budget, int running)
        => new(budget, running, TotalPages: 100, PageTokens: 16, WindowTokens: null, TimeSpan.FromSeconds(10));

    private static TurnView Turn(long arrival, int target, int computed, long lastStep = 0) => new()
    {
        Arrival = arrival,
        Target = target,
        Computed = computed,
        PageEnd = (computed + 15) / 16,
        HeldPages = (computed + 15) / 16,
        LastStep = lastStep,
    };
}
