using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Runtime.Turns;
using OrleansLM.Engine.Tests.State.Transfer;

namespace OrleansLM.Engine.Tests.Runtime;

/// <summary>Idle states are saved by their owners before they make room, and the engine does not wait for that.</summary>
public sealed class SavingTests
{
    private readonly TaskCompletionSource _saved = new();
    private int _asked;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_turn_that_wants_memory_waits_for_the_save_and_the_others_go_on(bool recurrent)
    {
        using var rig = new LoopRig(pages: recurrent ? 2 : 9, recurrent: recurrent, checkpoints: 0);
        var idle = Idle(rig);
        var other = rig.Create().Submit(LoopRig.Request(LoopRig.Tokens(33, 2), 14));
        rig.Loop.RunOnce();
        var wanting = rig.Create().Submit(LoopRig.Request(LoopRig.Tokens(60, 5), 3));
        rig.RunUntilIdle();
        Assert.Equal(rig.Expected(LoopRig.Tokens(33, 2), 14), LoopRig.Ids(LoopRig.Read(other)));
        Assert.Equal((1, 40), (_asked, idle.ComputedLength));
        _saved.SetResult();
        rig.RunUntilIdle();
        Assert.Equal(rig.Expected(LoopRig.Tokens(60, 5), 3), LoopRig.Ids(LoopRig.Read(wanting)));
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public void A_state_is_dropped_when_the_save_has_ended_well_or_not(bool recurrent, bool well)
    {
        using var rig = new LoopRig(pages: recurrent ? 1 : 5, recurrent: recurrent, checkpoints: 0);
        var idle = Idle(rig);
        var wanting = rig.Create().Submit(LoopRig.Request(LoopRig.Tokens(60, 5), 3));
        rig.RunUntilIdle();
        Assert.Equal((1, 40, 0), (_asked, idle.ComputedLength, LoopRig.Read(wanting).Count(output => output.Kind == TurnOutputKind.Token)));
        End(well);
        rig.RunUntilIdle();
        Assert.Equal((0, 1), (idle.ComputedLength, rig.Loop.Counters.Evictions));
        Assert.Equal(rig.Expected(LoopRig.Tokens(60, 5), 3), LoopRig.Ids(LoopRig.Read(wanting)));
        var again = idle.Submit(LoopRig.Request([], 3));
        rig.RunUntilIdle();
        Assert.Equal(rig.Expected(LoopRig.Tokens(40), 4)[1..], LoopRig.Ids(LoopRig.Read(again)));
    }

    [Fact]
    public void A_save_that_takes_too_long_is_not_waited_for()
    {
        var clock = new ManualTimeProvider();
        using var rig = new LoopRig(pages: 5, time: clock);
        var idle = Idle(rig);
        var wanting = rig.Create().Submit(LoopRig.Request(LoopRig.Tokens(60, 5), 3));
        rig.RunUntilIdle();
        clock.Advance(TimeSpan.FromSeconds(29));
        rig.RunUntilIdle();
        Assert.Equal(40, idle.ComputedLength);
        clock.Advance(TimeSpan.FromSeconds(2));
        rig.RunUntilIdle();
        Assert.Equal(0, idle.ComputedLength);
        Assert.Equal(3, LoopRig.Ids(LoopRig.Read(wanting)).Length);
    }

    [Fact]
    public void A_sequence_that_is_used_while_it_is_saved_keeps_what_it_needs()
    {
        using var rig = new LoopRig(pages: 8);
        var idle = Idle(rig);
        var wanting = rig.Create().Submit(LoopRig.Request(LoopRig.Tokens(90, 5), 3));
        rig.RunUntilIdle();
        Assert.Equal((1, 40), (_asked, idle.ComputedLength));
        var again = idle.Submit(LoopRig.Request(LoopRig.Tokens(5, 3), 3));
        rig.RunUntilIdle();
        Assert.Equal(rig.Expected(LoopRig.Tokens(90, 5), 3), LoopRig.Ids(LoopRig.Read(wanting)));
        Assert.Equal(3, LoopRig.Ids(LoopRig.Read(again)).Length);
        _saved.SetResult();
        rig.RunUntilIdle();
    }

    [Fact]
    public void An_owner_that_throws_loses_the_state_and_nothing_else()
    {
        using var rig = new LoopRig(pages: 5);
        var idle = Idle(rig);
        idle.BeforeDrop = () => throw new InvalidOperationException("no");
        var wanting = rig.Create().Submit(LoopRig.Request(LoopRig.Tokens(60, 5), 3));
        rig.RunUntilIdle();
        rig.RunUntilIdle();
        Assert.Equal((0, 3), (idle.ComputedLength, LoopRig.Ids(LoopRig.Read(wanting)).Length));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_an_owner_exports_is_whole_and_goes_on_elsewhere(bool recurrent)
    {
        await using var engine = HashEngine.Start(recurrent, pages: recurrent ? 1 : 8);
        var stored = new TaskCompletionSource<StoredStates>(TaskCreationOptions.RunContinuationsAsynchronously);
        var idle = engine.CreateSequence(LoopRig.Tokens(100));
        await TinyEngine.GenerateAsync(idle, [], 2);
        var computed = idle.CopyTokens(0, 101);
        idle.BeforeDrop = () => Task.Run(async () =>
        {
            stored.SetResult(await StoredStates.OfAsync(idle));
            await idle.DisposeAsync();
        });
        var wanting = engine.CreateSequence(LoopRig.Tokens(90, 5));
        await TinyEngine.GenerateAsync(wanting, [], 3);

        // It comes back into the full engine: the one that took the memory is saved in its turn.
        var asked = 0;
        wanting.BeforeDrop = () => Task.FromResult(asked++);
        var back = engine.CreateSequence(computed);
        Assert.Equal(101, await back.ImportAsync(await (await stored.Task).OpenAsync()));
        Assert.Equal((1, 0), (asked, wanting.ComputedLength));
    }

    /// <summary>An idle sequence with 40 tokens and one that was generated.</summary>
    private EngineSequence Idle(LoopRig rig)
    {
        var idle = rig.Create();
        idle.Submit(LoopRig.Request(LoopRig.Tokens(40), 1));
        rig.RunUntilIdle();
        idle.BeforeDrop = () =>
        {
            _asked++;
            return _saved.Task;
        };
        return idle;
    }

    private void End(bool well)
    {
        if (well)
        {
            _saved.SetResult();
        }
        else
        {
            _saved.SetException(new IOException("the disk is full"));
        }
    }
}
