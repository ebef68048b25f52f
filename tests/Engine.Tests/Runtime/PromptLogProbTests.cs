using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Sampling;

namespace OrleansLM.Engine.Tests.Runtime;

public sealed class PromptLogProbTests
{
    [Theory]
    [InlineData(16, 100, false)]
    [InlineData(64, 100, true)]
    [InlineData(512, 7, false)]
    public void Every_appended_token_is_scored_once_in_order(int budget, int pages, bool recurrent)
    {
        // With few pages the turns preempt each other in the middle of their prompts.
        using var rig = new LoopRig(budget: budget, pages: pages, recurrent: recurrent);
        var prompts = Enumerable.Range(0, 3).Select(i => LoopRig.Tokens(60 + i, i)).ToArray();
        var turns = prompts.Select(prompt => rig.Create().Submit(LoopRig.Request(prompt, 3) with { PromptLogProbs = 1 })).ToArray();
        rig.RunUntilIdle();
        for (var i = 0; i < prompts.Length; i++)
        {
            var outputs = LoopRig.Read(turns[i]);
            Check(prompts[i], 1, outputs);
            Assert.Equal(rig.Expected(prompts[i], 3), LoopRig.Ids(outputs));
        }
    }

    [Fact]
    public void Only_what_this_turn_appends_is_scored()
    {
        using var rig = new LoopRig();
        var tokens = LoopRig.Tokens(90);
        var sequence = rig.Create(tokens[..40]);
        sequence.Submit(LoopRig.Request([], 0));
        rig.RunUntilIdle();
        var turn = sequence.Submit(LoopRig.Request(tokens[40..], 0) with { PromptLogProbs = 0 });
        rig.RunUntilIdle();
        Check(tokens, 40, LoopRig.Read(turn));
        Assert.Equal(89, sequence.ComputedLength);
    }

    [Fact]
    public void The_row_before_the_first_appended_token_is_computed_again_where_it_has_to_be()
    {
        using var rig = new LoopRig();
        var tokens = LoopRig.Tokens(50);
        var source = rig.Create();
        source.Submit(LoopRig.Request(tokens, 5));
        rig.RunUntilIdle();
        var fork = rig.Done(source.ForkAsync(40));
        Assert.Equal(40, fork.ComputedLength);
        var turn = fork.Submit(LoopRig.Request(tokens[40..], 0) with { PromptLogProbs = 0 });
        rig.RunUntilIdle();
        Check(tokens, 40, LoopRig.Read(turn));
    }

    [Fact]
    public void More_than_the_reader_has_room_for_waits_for_it()
    {
        using var rig = new LoopRig(budget: 64, buffer: 10);
        var tokens = LoopRig.Tokens(200);
        var turn = rig.Create().Submit(LoopRig.Request(tokens, 2) with { PromptLogProbs = 0 });
        rig.RunUntilIdle();
        Assert.Equal(1, rig.Chain.Steps);
        var outputs = new List<TurnOutput>();
        for (var rounds = 0; rounds < 10; rounds++)
        {
            outputs.AddRange(LoopRig.Read(turn));
            rig.RunUntilIdle();
        }

        Check(tokens, 1, outputs);
        Assert.Equal(rig.Expected(tokens, 2), LoopRig.Ids(outputs));
    }

    [Fact]
    public void A_single_first_token_has_nothing_to_be_scored_by()
    {
        using var rig = new LoopRig();
        var turn = rig.Create().Submit(LoopRig.Request([30], 0) with { PromptLogProbs = 0 });
        rig.RunUntilIdle();
        Assert.Equal(TurnOutputKind.Finished, Assert.Single(LoopRig.Read(turn)).Kind);
        Assert.Equal(0, rig.Chain.Steps);
    }

    private static void Check(int[] tokens, int first, List<TurnOutput> outputs)
    {
        var scored = outputs.Where(output => output.Kind == TurnOutputKind.PromptLogProb).ToList();
        Assert.Equal(Enumerable.Range(first, tokens.Length - first), scored.Select(output => output.Position));
        var sampler = new Sampler(LoopRig.Vocabulary);
        var logits = new float[LoopRig.Vocabulary];
        foreach (var output in scored)
        {
            HashModel.Logits(HashModel.HashOf(tokens.AsSpan(0, output.Position), null), logits);
            Assert.Equal(sampler.Score(logits, tokens[output.Position], 0, output.Position).Token, output.Token);
        }
    }
}
