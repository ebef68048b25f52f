using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Sampling;

namespace OrleansLM.Engine.Tests.Runtime;

public sealed class EngineLoopTests
{
    private static readonly SamplingParameters Seeded = new() { Temperature = 1.3f, TopP = 0.95f, Seed = 42, RepetitionPenalty = 1.2f, FrequencyPenalty = 0.5f };

    [Theory]
    [InlineData(false, null)]
    [InlineData(false, 24)]
    [InlineData(true, null)]
    public void A_turn_generates_what_the_model_says(bool recurrent, int? window)
    {
        using var rig = new LoopRig(recurrent: recurrent, window: window);
        var tokens = LoopRig.Tokens(150);
        var turn = rig.Create(tokens[..50]).Submit(LoopRig.Request(tokens[50..], 60, Seeded));
        rig.RunUntilIdle();
        var outputs = LoopRig.Read(turn);
        Assert.Equal(rig.Expected(tokens, 60, Seeded), LoopRig.Ids(outputs));
        Assert.Equal(Enumerable.Range(150, 60), outputs.Where(output => output.Kind == TurnOutputKind.Token).Select(output => output.Position));
        Assert.Equal(TurnOutputKind.Finished, outputs[^1].Kind);
        Assert.Equal(FinishReason.Length, outputs[^1].FinishReason);
        Assert.Equal((100, 150, 60), (outputs[^1].Usage!.PromptTokens, outputs[^1].Usage!.PrefilledTokens, outputs[^1].Usage!.GeneratedTokens));
    }

    [Theory]
    [InlineData(16, false, null)]
    [InlineData(64, false, null)]
    [InlineData(512, false, 40)]
    [InlineData(64, true, null)]
    public void Many_turns_together_give_each_what_it_gets_alone(int budget, bool recurrent, int? window)
    {
        using var rig = new LoopRig(pages: 400, budget: budget, recurrent: recurrent, window: window);
        var turns = Enumerable.Range(0, 12).Select(i => (Tokens: LoopRig.Tokens(5 + i * 13, i), Max: 10 + i * 5)).ToArray();
        var running = turns.Select(turn => rig.Create().Submit(LoopRig.Request(turn.Tokens, turn.Max))).ToArray();
        rig.RunUntilIdle();
        for (var i = 0; i < turns.Length; i++)
        {
            Assert.Equal(rig.Expected(turns[i].Tokens, turns[i].Max), LoopRig.Ids(LoopRig.Read(running[i])));
        }

        Assert.InRange(rig.Chain.LargestBatch, 4, 8);
        Assert.True(rig.Chain.RowsOfSteps.Max() <= budget);
    }

    [Fact]
    public void Turns_follow_each_other_and_only_what_is_new_is_computed()
    {
        using var rig = new LoopRig();
        var sequence = rig.Create();
        var all = new List<int>();
        for (var i = 0; i < 4; i++)
        {
            var tokens = LoopRig.Tokens(20, i);
            var turn = sequence.Submit(LoopRig.Request(tokens, 10));
            rig.RunUntilIdle();
            all.AddRange(tokens);
            var outputs = LoopRig.Read(turn);
            Assert.Equal(rig.Expected(all.ToArray(), 10), LoopRig.Ids(outputs));
            Assert.Equal(i == 0 ? 20 : 21, outputs[^1].Usage!.PrefilledTokens);
            all.AddRange(LoopRig.Ids(outputs));
        }

        Assert.Equal(all, sequence.CopyTokens(0, sequence.Length));
        Assert.Equal(sequence.Length - 1, sequence.ComputedLength);
    }

    [Fact]
    public void Going_on_without_new_tokens_is_as_if_the_turn_had_not_ended()
    {
        using var rig = new LoopRig();
        var tokens = LoopRig.Tokens(33);
        var sequence = rig.Create();
        sequence.Submit(LoopRig.Request(tokens, 0));
        rig.RunUntilIdle();
        Assert.Equal(32, sequence.ComputedLength);
        var turn = sequence.Submit(LoopRig.Request([], 7));
        rig.RunUntilIdle();
        Assert.Equal(rig.Expected(tokens, 7), LoopRig.Ids(LoopRig.Read(turn)));
    }

    [Fact]
    public void A_long_prompt_does_not_hold_up_the_others()
    {
        using var rig = new LoopRig(pages: 1000, budget: 16, context: 8000);
        var decoding = rig.Create().Submit(LoopRig.Request(LoopRig.Tokens(4), 50));
        rig.Loop.RunOnce();
        var prompt = rig.Create().Submit(LoopRig.Request(LoopRig.Tokens(2000), 1));
        for (var step = 0; step < 49; step++)
        {
            rig.Loop.RunOnce();
        }

        Assert.Equal(50, LoopRig.Ids(LoopRig.Read(decoding)).Length);
        Assert.Empty(LoopRig.Ids(LoopRig.Read(prompt)));
        rig.RunUntilIdle();
        Assert.Equal(rig.Expected(LoopRig.Tokens(2000), 1), LoopRig.Ids(LoopRig.Read(prompt)));
    }

    [Fact]
    public void Prefill_reports_progress_until_it_is_through()
    {
        using var rig = new LoopRig(budget: 16);
        var turn = rig.Create(LoopRig.Tokens(10)).Submit(LoopRig.Request(LoopRig.Tokens(40), 1));
        rig.RunUntilIdle();
        var outputs = LoopRig.Read(turn);
        Assert.Equal([(16, 50), (32, 50), (48, 50), (50, 50)], outputs.TakeWhile(output => output.Kind == TurnOutputKind.PrefillProgress).Select(output => (output.Position, output.Total)));
        Assert.DoesNotContain(outputs.SkipWhile(output => output.Kind == TurnOutputKind.PrefillProgress), output => output.Kind == TurnOutputKind.PrefillProgress);
    }

    [Fact]
    public void A_reader_that_may_run_on_the_engines_thread_has_read_when_the_step_is_over()
    {
        using var rig = new LoopRig();
        var turn = rig.Create().Submit(LoopRig.Request(LoopRig.Tokens(5), 3) with { AllowSynchronousContinuations = true });
        var threads = new List<int>();
        var reading = ReadAsync();
        rig.RunUntilIdle();
        Assert.True(reading.IsCompletedSuccessfully);
        Assert.Equal(4, threads.Count);
        Assert.All(threads, thread => Assert.Equal(Environment.CurrentManagedThreadId, thread));

        async Task ReadAsync()
        {
            await foreach (var output in turn.Output.ReadAllAsync().ConfigureAwait(false))
            {
                threads.Add(Environment.CurrentManagedThreadId);
            }
        }
    }

    [Theory]
    [InlineData(false, null)]
    [InlineData(false, 40)]
    [InlineData(true, null)]
    public void Memory_that_runs_out_costs_time_and_changes_no_id(bool recurrent, int? window)
    {
        using var rig = new LoopRig(pages: recurrent ? 3 : 14, recurrent: recurrent, window: window);
        var turns = Enumerable.Range(0, 10).Select(i => (Tokens: LoopRig.Tokens(20 + i * 3, i), Max: 60 + i * 3)).ToArray();
        var running = turns.Select(turn => rig.Create().Submit(LoopRig.Request(turn.Tokens, turn.Max))).ToArray();
        rig.RunUntilIdle();
        for (var i = 0; i < turns.Length; i++)
        {
            Assert.Equal(rig.Expected(turns[i].Tokens, turns[i].Max), LoopRig.Ids(LoopRig.Read(running[i])));
        }

        Assert.True(rig.Loop.Counters.Evictions > 0);
        Assert.True(recurrent || window is not null || rig.Loop.Counters.Preemptions > 0);
    }

    [Fact]
    public void A_slow_reader_pauses_only_itself()
    {
        using var rig = new LoopRig(buffer: 8);
        var slow = rig.Create().Submit(LoopRig.Request(LoopRig.Tokens(10, 1), 40));
        var quick = rig.Create().Submit(LoopRig.Request(LoopRig.Tokens(10, 2), 40));
        var read = new List<TurnOutput>();
        while (rig.Loop.RunOnce())
        {
            read.AddRange(LoopRig.Read(quick));
        }

        Assert.Equal(rig.Expected(LoopRig.Tokens(10, 2), 40), LoopRig.Ids(read));
        Assert.Equal(8, slow.Output.Count);
        read.Clear();
        for (var rounds = 0; rounds < 10; rounds++)
        {
            read.AddRange(LoopRig.Read(slow));
            rig.RunUntilIdle();
        }

        Assert.Equal(rig.Expected(LoopRig.Tokens(10, 1), 40), LoopRig.Ids(read));
        Assert.Equal(FinishReason.Length, read[^1].FinishReason);
    }

    [Fact]
    public void A_paused_turn_gives_up_its_state_when_others_need_it_and_goes_on_later()
    {
        using var rig = new LoopRig(pages: 8, buffer: 4);
        var paused = rig.Create().Submit(LoopRig.Request(LoopRig.Tokens(40, 1), 20));
        rig.RunUntilIdle();
        var sequence = rig.Create();
        var other = sequence.Submit(LoopRig.Request(LoopRig.Tokens(100, 2), 2));
        rig.RunUntilIdle();
        Assert.Equal(rig.Expected(LoopRig.Tokens(100, 2), 2), LoopRig.Ids(LoopRig.Read(other)));
        var read = new List<TurnOutput>();
        for (var rounds = 0; rounds < 12; rounds++)
        {
            read.AddRange(LoopRig.Read(paused));
            rig.RunUntilIdle();
        }

        Assert.Equal(rig.Expected(LoopRig.Tokens(40, 1), 20), LoopRig.Ids(read));
        Assert.True(rig.Loop.Counters.Evictions > 0);
    }

    [Fact]
    public void Tokens_stop_at_the_end_of_the_context()
    {
        using var rig = new LoopRig(context: 64);
        var sequence = rig.Create();
        var turn = sequence.Submit(LoopRig.Request(LoopRig.Tokens(60), 100));
        rig.RunUntilIdle();
        var outputs = LoopRig.Read(turn);
        Assert.Equal(4, LoopRig.Ids(outputs).Length);
        Assert.Equal(FinishReason.Length, outputs[^1].FinishReason);
        var error = Assert.Throws<EngineException>(() => sequence.Submit(LoopRig.Request([30], 1)));
        Assert.Equal(EngineError.ContextFull, error.Error);
        var again = sequence.Submit(LoopRig.Request([], 1));
        rig.RunUntilIdle();
        Assert.Equal(FinishReason.Length, Assert.Single(LoopRig.Read(again)).FinishReason);
    }

    [Fact]
    public void Tokens_stop_where_the_pool_ends()
    {
        using var rig = new LoopRig(pages: 4);
        var turn = rig.Create().Submit(LoopRig.Request(LoopRig.Tokens(40), 100));
        rig.RunUntilIdle();
        var outputs = LoopRig.Read(turn);
        Assert.Equal(rig.Expected(LoopRig.Tokens(40), 24), LoopRig.Ids(outputs));
        Assert.Equal(FinishReason.Length, outputs[^1].FinishReason);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Cancelling_keeps_what_was_generated(bool paused)
    {
        using var rig = new LoopRig(buffer: paused ? 5 : 100);
        var sequence = rig.Create();
        var turn = sequence.Submit(LoopRig.Request(LoopRig.Tokens(10), 100));
        for (var i = 0; i < 5; i++)
        {
            rig.Loop.RunOnce();
        }

        turn.Cancel();
        turn.Cancel();
        rig.RunUntilIdle();
        var outputs = LoopRig.Read(turn);
        Assert.Equal(rig.Expected(LoopRig.Tokens(10), 5), LoopRig.Ids(outputs));
        Assert.Equal(FinishReason.Cancelled, outputs[^1].FinishReason);
        Assert.Equal(15, sequence.Length);
        Assert.True(turn.Output.Completion.IsCompletedSuccessfully);
        var next = sequence.Submit(LoopRig.Request([], 3));
        rig.RunUntilIdle();
        Assert.Equal(rig.Expected(LoopRig.Tokens(10), 8)[5..], LoopRig.Ids(LoopRig.Read(next)));
    }

    [Fact]
    public void A_turn_can_be_cancelled_before_it_starts()
    {
        using var rig = new LoopRig(running: 1);
        var first = rig.Create().Submit(LoopRig.Request(LoopRig.Tokens(10), 20));
        var second = rig.Create().Submit(LoopRig.Request(LoopRig.Tokens(10), 20));
        second.Cancel();
        rig.RunUntilIdle();
        Assert.Equal(20, LoopRig.Ids(LoopRig.Read(first)).Length);
        Assert.Equal(FinishReason.Cancelled, Assert.Single(LoopRig.Read(second)).FinishReason);
    }

    [Fact]
    public void One_turn_at_a_time()
    {
        using var rig = new LoopRig();
        var sequence = rig.Create(LoopRig.Tokens(10));
        sequence.Submit(LoopRig.Request([], 3));
        Assert.Equal(EngineError.Busy, Assert.Throws<EngineException>(() => sequence.Submit(LoopRig.Request([], 3))).Error);
        Assert.Equal(EngineError.Busy, Assert.Throws<EngineException>(() => rig.Done(sequence.TruncateAsync(2))).Error);
        rig.RunUntilIdle();
        sequence.Submit(LoopRig.Request([], 3));
    }
}
