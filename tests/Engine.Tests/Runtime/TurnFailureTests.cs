using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Runtime.Turns;

namespace OrleansLM.Engine.Tests.Runtime;

public sealed class TurnFailureTests
{
    [Theory]
    [InlineData(HashChain.PoisonToken)]
    [InlineData(HashChain.NotFiniteToken)]
    public void A_turn_that_fails_leaves_no_trace_and_the_others_go_on(int token)
    {
        using var rig = new LoopRig(budget: 32);
        var sequence = rig.Create();
        Generate(rig, sequence, LoopRig.Tokens(20), 5);
        var before = sequence.CopyTokens(0, 25);
        var others = Enumerable.Range(1, 4).Select(i => rig.Create().Submit(LoopRig.Request(LoopRig.Tokens(10 * i, i), 30))).ToArray();
        rig.Loop.RunOnce();
        var bad = sequence.Submit(LoopRig.Request([.. LoopRig.Tokens(40, 3), token], 10));
        rig.RunUntilIdle();
        Assert.Equal(EngineError.Internal, LoopRig.Error(bad).Error);
        Assert.Equal(before, sequence.CopyTokens(0, sequence.Length));
        for (var i = 1; i <= 4; i++)
        {
            Assert.Equal(rig.Expected(LoopRig.Tokens(10 * i, i), 30), LoopRig.Ids(LoopRig.Read(others[i - 1])));
        }

        int[] next = LoopRig.Tokens(3, 9);
        Assert.Equal(rig.Expected([.. before, .. next], 5), Generate(rig, sequence, next, 5));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_device_that_is_full_refuses_the_newest_and_the_others_go_on(bool follows)
    {
        using var rig = new LoopRig(follows: follows);
        var turns = Enumerable.Range(0, 3).Select(i => rig.Create().Submit(LoopRig.Request(LoopRig.Tokens(20, i), 30))).ToArray();
        for (var round = 0; round < 8; round++)
        {
            rig.Loop.RunOnce();
        }

        rig.Chain.RoomForTurns = 2;
        rig.RunUntilIdle();
        var error = LoopRig.Error(turns[2]);
        Assert.Equal(EngineError.ResourceExhausted, error.Error);
        Assert.NotNull(error.RetryAfter);
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal(rig.Expected(LoopRig.Tokens(20, i), 30), LoopRig.Ids(LoopRig.Read(turns[i])));
        }
    }

    [Fact]
    public void A_poisoned_recurrent_step_is_computed_anew()
    {
        using var rig = new LoopRig(recurrent: true);
        var good = rig.Create().Submit(LoopRig.Request(LoopRig.Tokens(30), 10));
        var bad = rig.Create().Submit(LoopRig.Request([25, HashChain.PoisonToken], 10));
        rig.RunUntilIdle();
        Assert.Equal(EngineError.Internal, LoopRig.Error(bad).Error);
        Assert.Equal(rig.Expected(LoopRig.Tokens(30), 10), LoopRig.Ids(LoopRig.Read(good)));
    }

    [Fact]
    public void Disposing_a_sequence_fails_its_turn_and_gives_its_pages_back()
    {
        using var rig = new LoopRig();
        var sequence = rig.Create();
        var turn = sequence.Submit(LoopRig.Request(LoopRig.Tokens(30), 10));
        rig.Loop.RunOnce();
        Assert.Equal(2, rig.Pool.UsedCount);
        rig.Done(sequence.DisposeAsync());
        Assert.Equal(EngineError.Unavailable, LoopRig.Error(turn).Error);
        Assert.Equal(0, rig.Pool.UsedCount);
        Assert.Throws<ObjectDisposedException>(() => sequence.Submit(LoopRig.Request([30], 1)));
        rig.Done(sequence.DisposeAsync());
        Assert.Equal(0, rig.Loop.Counters.Sequences);
    }

    [Fact]
    public void Shutting_down_fails_what_is_open_and_takes_no_more()
    {
        using var rig = new LoopRig(running: 1);
        var first = rig.Create();
        var running = first.Submit(LoopRig.Request(LoopRig.Tokens(30), 10));
        var waiting = rig.Create().Submit(LoopRig.Request(LoopRig.Tokens(30), 10));
        rig.Loop.RunOnce();
        rig.Loop.Shutdown(null);
        Assert.Equal(EngineError.Unavailable, LoopRig.Error(running).Error);
        Assert.Equal(EngineError.Unavailable, LoopRig.Error(waiting).Error);
        Assert.Equal(EngineError.Unavailable, Assert.Throws<EngineException>(() => first.Submit(LoopRig.Request([30], 1))).Error);
        Assert.Equal(EngineError.Unavailable, Assert.Throws<EngineException>(() => rig.Create(30)).Error);
        Assert.Equal(0, first.Length);
    }

    [Fact]
    public void Requests_that_are_wrong_are_refused_with_the_field_and_change_nothing()
    {
        using var rig = new LoopRig();
        var sequence = rig.Create(LoopRig.Tokens(5));
        Assert.Equal("Tokens[1]", Refused(sequence, LoopRig.Request([30, 512], 1)));
        Assert.Equal("Tokens[0]", Refused(sequence, LoopRig.Request([-1], 1)));
        Assert.Equal("Temperature", Refused(sequence, LoopRig.Request([30], 1, new() { Temperature = float.NaN })));
        Assert.Equal("MaxNewTokens", Refused(sequence, LoopRig.Request([30], -1)));
        Assert.Equal("PromptLogProbs", Refused(sequence, LoopRig.Request([30], 1) with { PromptLogProbs = 21 }));
        Assert.Equal("GenerationStart", Refused(sequence, LoopRig.Request([30], 1) with { GenerationStart = -1 }));
        Assert.Equal("GenerationStart", Refused(sequence, LoopRig.Request([30], 1) with { GenerationStart = 7 }));
        Assert.Equal("Tokens", Refused(rig.Create(), LoopRig.Request([], 1)));
        Assert.Equal("position", Assert.Throws<EngineException>(() => rig.Done(sequence.ForkAsync(6))).Field);
        Assert.Equal("position", Assert.Throws<EngineException>(() => rig.Done(sequence.TruncateAsync(6))).Field);
        Assert.Equal("tokens[0]", Assert.Throws<EngineException>(() => rig.Create(512)).Field);
        Assert.Equal("tokens", Assert.Throws<EngineException>(() => rig.Create(new int[401])).Field);
        Assert.Equal(5, sequence.Length);
        Assert.Equal(0, rig.Loop.Counters.OpenTurns);
        Assert.Equal(rig.Expected(LoopRig.Tokens(5), 3), Generate(rig, sequence, [], 3));
    }

    private static string? Refused(EngineSequence sequence, TurnRequest request)
    {
        var error = Assert.Throws<EngineException>(() => sequence.Submit(request));
        Assert.Equal(EngineError.InvalidArgument, error.Error);
        return error.Field;
    }

    private static int[] Generate(LoopRig rig, EngineSequence sequence, int[] tokens, int max)
    {
        var turn = sequence.Submit(LoopRig.Request(tokens, max));
        rig.RunUntilIdle();
        return LoopRig.Ids(LoopRig.Read(turn));
    }
}
