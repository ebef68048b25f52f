using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Runtime.Turns;

namespace OrleansLM.Engine.Tests.Runtime;

/// <summary>Beginnings that are known are found instead of computed. The model of the rig reads every cell that a row sees, so a wrong page shows in the ids.</summary>
public sealed class PrefixCacheTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_sequence_that_begins_as_another_one_computes_only_the_rest(int depth)
    {
        using var rig = new LoopRig(depth: depth);
        var first = rig.Create();
        Run(rig, first, LoopRig.Tokens(100), 5);
        var (outputs, reused) = Run(rig, rig.Create(), [.. LoopRig.Tokens(100)[..70], .. LoopRig.Tokens(20, 5)], 5);
        Assert.Equal(64, reused);
        Assert.Equal(26, outputs[^1].Usage!.PrefilledTokens);
        Assert.Equal(64, rig.Loop.Counters.Snapshot(100).ReusedTokens);

        // Six pages of 16 are full with 100 tokens; they are shared, and only what is not is held twice.
        var (_, again) = Run(rig, rig.Create(), LoopRig.Tokens(100), 5);
        Assert.Equal(96, again);
        Assert.Equal(7 + (6 - 4) + 1, rig.Pool.UsedCount);
    }

    [Fact]
    public void Generated_tokens_are_a_beginning_for_the_next_turn_of_somebody_else()
    {
        using var rig = new LoopRig();
        var first = rig.Create();
        Run(rig, first, LoopRig.Tokens(30), 20);
        int[] all = [.. first.CopyTokens(0, first.Length), .. LoopRig.Tokens(3, 8)];
        var (_, reused) = Run(rig, rig.Create(all), [], 4);
        Assert.Equal(48, reused);
    }

    [Fact]
    public void What_nobody_holds_is_found_until_its_memory_is_wanted_the_end_before_the_beginning()
    {
        using var rig = new LoopRig(pages: 12);
        var first = rig.Create();
        Run(rig, first, LoopRig.Tokens(130), 1);
        rig.Done(first.DisposeAsync());
        Assert.Equal((12, 8), (rig.Pool.FreeCount, rig.Pool.CachedCount));
        var other = rig.Create();
        Run(rig, other, LoopRig.Tokens(100, 9), 1);
        rig.Done(other.DisposeAsync());

        // Four pages had no name and were taken first, then the last three of the eight.
        var (_, reused) = Run(rig, rig.Create(), LoopRig.Tokens(130), 4);
        Assert.Equal(5 * 16, reused);
    }

    [Fact]
    public void A_sequence_whose_state_was_dropped_finds_its_own_pages_again()
    {
        using var rig = new LoopRig(pages: 10);
        var first = rig.Create();
        Run(rig, first, LoopRig.Tokens(60), 4);
        var large = rig.Create();
        Run(rig, large, LoopRig.Tokens(100, 2), 4);
        Assert.Equal(0, first.ComputedLength);
        Assert.Equal(1, rig.Loop.Counters.Snapshot(10).Evictions);
        rig.Done(large.DisposeAsync());
        var (outputs, reused) = Run(rig, first, LoopRig.Tokens(2, 3), 4);
        Assert.True(reused > 0, "nothing was left of its state");
        Assert.Equal(66 - reused, outputs[^1].Usage!.PrefilledTokens);
    }

    [Fact]
    public void A_page_that_is_written_anew_after_a_rollback_is_not_found_any_more()
    {
        using var rig = new LoopRig();
        var first = rig.Create();
        Run(rig, first, LoopRig.Tokens(64), 1);
        rig.Done(first.TruncateAsync(40));
        Run(rig, first, LoopRig.Tokens(40, 4), 3);
        var (_, reused) = Run(rig, rig.Create(), LoopRig.Tokens(65), 3);
        Assert.Equal(32, reused);

        // And the other beginning is known as well.
        var (_, second) = Run(rig, rig.Create(), [.. LoopRig.Tokens(64)[..40], .. LoopRig.Tokens(40, 4)], 3);
        Assert.Equal(64, second);
    }

    [Theory]
    [InlineData(20, 64)]
    [InlineData(64, 96)]
    public void Behind_a_window_all_that_the_next_token_sees_is_found_or_nothing(int window, int found)
    {
        // A step of 64 rows lets the pages go that are behind the window at its end, before they are computed; a window of 20 sees only the last two of the four.
        using var rig = new LoopRig(window: window);
        Run(rig, rig.Create(), LoopRig.Tokens(200), 5);
        var (_, reused) = Run(rig, rig.Create(), LoopRig.Tokens(200), 5);
        Assert.Equal(192, reused);
        var (_, other) = Run(rig, rig.Create(), [.. LoopRig.Tokens(100), .. LoopRig.Tokens(30, 7)], 5);
        Assert.Equal(found, other);
    }

    [Fact]
    public void A_turn_that_only_appends_ends_even_when_all_of_it_is_known()
    {
        using var rig = new LoopRig();
        Run(rig, rig.Create(), LoopRig.Tokens(80), 1);
        foreach (var length in new[] { 16, 17, 32, 33, 64, 65 })
        {
            var turn = rig.Create().Submit(LoopRig.Request(LoopRig.Tokens(length), 0));
            rig.RunUntilIdle();
            Assert.Equal(TurnOutputKind.Finished, LoopRig.Read(turn)[^1].Kind);
        }
    }

    [Fact]
    public void A_turn_that_scores_computes_the_rows_that_it_scores()
    {
        using var rig = new LoopRig();
        Run(rig, rig.Create(), LoopRig.Tokens(80), 1);
        var turn = rig.Create().Submit(LoopRig.Request(LoopRig.Tokens(80), 2) with { PromptLogProbs = 0 });
        rig.RunUntilIdle();
        var outputs = LoopRig.Read(turn);
        Assert.Equal(79, outputs.Count(output => output.Kind == TurnOutputKind.PromptLogProb));
        Assert.Equal(80, outputs[^1].Usage!.PrefilledTokens);
    }

    [Fact]
    public void Nothing_is_found_of_what_stages_that_were_lost_had_computed()
    {
        using var rig = new LoopRig(depth: 2);
        Run(rig, rig.Create(), LoopRig.Tokens(100), 4);
        rig.Chain.Lose(ready: true);
        var (_, reused) = Run(rig, rig.Create(), LoopRig.Tokens(100), 4);
        Assert.Equal(0, reused);
    }

    [Fact]
    public void Switched_off_nothing_is_found()
    {
        using var rig = new LoopRig(prefixes: false);
        Run(rig, rig.Create(), LoopRig.Tokens(100), 4);
        var (_, reused) = Run(rig, rig.Create(), LoopRig.Tokens(100), 4);
        Assert.Equal((0, 0), (reused, rig.Pool.CachedCount));
    }

    [Theory]
    [InlineData(null, 1)]
    [InlineData(40, 1)]
    [InlineData(null, 3)]
    public void Many_sequences_with_few_beginnings_in_little_memory_get_the_ids_of_the_definition(int? window, int depth)
    {
        using var rig = new LoopRig(pages: 40, window: window, depth: depth);
        var random = new Random(7);
        var (reused, open) = (0, new List<EngineSequence>());
        for (var round = 0; round < 300; round++)
        {
            var sequence = open.Count > 0 && random.Next(3) == 0 ? open[random.Next(open.Count)] : rig.Create();
            if (random.Next(4) == 0 && sequence.Length > 0)
            {
                rig.Done(sequence.TruncateAsync(random.Next(sequence.Length + 1)));
            }

            var from = sequence.Length;
            int[] beginning = LoopRig.Tokens(200, random.Next(3));
            int[] tokens = from < 100 ? [.. beginning[from..random.Next(from + 1, 120)], .. LoopRig.Tokens(random.Next(5), round)] : LoopRig.Tokens(3, round);
            reused += Run(rig, sequence, tokens, random.Next(1, 20)).Reused;
            if (!open.Contains(sequence))
            {
                open.Add(sequence);
            }

            if (open.Count > 6 || sequence.Length > 300)
            {
                var gone = sequence.Length > 300 ? sequence : open[0];
                open.Remove(gone);
                rig.Done(gone.DisposeAsync());
            }
        }

        Assert.True(reused > 2000, $"{reused} tokens were found");
    }

    [Fact]
    public async Task A_real_model_goes_on_from_found_pages_with_the_same_bits()
    {
        int[] prompt = LoopRig.Tokens(300);
        int[] other = [.. prompt[..200], .. LoopRig.Tokens(50, 2)];
        await using var engine = TinyEngine.Load(TinyEngine.Yarn, TinyEngine.Options());
        await using var plain = TinyEngine.Load(TinyEngine.Yarn, TinyEngine.Options() with { PrefixCaching = false });
        await TinyEngine.GenerateAsync(engine.CreateSequence([]), prompt, 20);
        await TinyEngine.GenerateAsync(plain.CreateSequence([]), prompt, 20);
        foreach (var tokens in new[] { prompt, other })
        {
            var found = await TinyEngine.GenerateAsync(engine.CreateSequence([]), tokens, 20);
            var computed = await TinyEngine.GenerateAsync(plain.CreateSequence([]), tokens, 20);
            Assert.Equal(TinyEngine.Bits(computed), TinyEngine.Bits(found));
            Assert.Equal((tokens.Length, 0), (computed[^1].Usage!.PrefilledTokens, computed[^1].Usage!.ReusedTokens));
            Assert.Equal(tokens == prompt ? 256 : 192, found[^1].Usage!.ReusedTokens);
        }
    }

    /// <summary>Runs a turn, checks its ids against the definition.</summary>
    private static (List<TurnOutput> Outputs, int Reused) Run(LoopRig rig, EngineSequence sequence, int[] tokens, int max)
    {
        int[] all = [.. sequence.CopyTokens(0, sequence.Length), .. tokens];
        var turn = sequence.Submit(LoopRig.Request(tokens, max));
        rig.RunUntilIdle();
        var outputs = LoopRig.Read(turn);
        Assert.Equal(rig.Expected(all, max), LoopRig.Ids(outputs));
        return (outputs, outputs[^1].Usage!.ReusedTokens);
    }
}
