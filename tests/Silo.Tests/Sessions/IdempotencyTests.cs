using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Messages;
using OrleansLM.Silo.Tests.Doubles;
using static OrleansLM.Silo.Tests.Doubles.SessionCalls;

namespace OrleansLM.Silo.Tests.Sessions;

public sealed class IdempotencyTests
{
    private static readonly int[] s_prompt = [1, 500, 600];

    [Fact]
    public async Task The_same_request_joins_a_running_turn_from_its_first_event()
    {
        await using var silo = await SiloHarness.StartAsync(new FakeEngine(isPaced: true));
        var session = await silo.CreateAsync("a");
        var first = await session.StartAsync(Command(s_prompt, key: "k"));
        silo.Engine.Allow(8);
        var second = await session.RunAsync(Command(s_prompt, key: "k"));
        Assert.Equal(first.TurnId, second[0].TurnId);
        Assert.True(second[0].Started!.Resumed);
        Assert.Equal(FakeEngine.Generate(s_prompt, 1, 8), second.Ids());
        Assert.Equal(11, (await session.InfoAsync()).Length);
    }

    [Fact]
    public async Task The_same_request_replays_an_ended_turn_in_this_life_and_the_next()
    {
        await using var silo = await SiloHarness.StartAsync();
        var session = await silo.CreateAsync("a");
        var first = await session.RunAsync(Command(s_prompt, key: "k"));
        await session.RunAsync(Command([9]));
        await using var reborn = await silo.KilledAsync();
        foreach (var owner in new[] { session, reborn.Owner("a") })
        {
            var again = await owner.RunAsync(Command(s_prompt, key: "k"));
            Assert.Equal(first.Ids(), again.Ids());
            Assert.Equal(first.Text(), again.Text());
            Assert.Equivalent(first[^1].Finished, again[^1].Finished);
            Assert.Equal(20, (await owner.InfoAsync()).Length);
        }
    }

    [Fact]
    public async Task The_same_request_takes_up_an_interrupted_turn()
    {
        await using var silo = await SiloHarness.StartAsync(new FakeEngine(isPaced: true));
        var session = await silo.CreateAsync("a");
        var command = Command(s_prompt, key: "k") with { Sampling = new SamplingSettings() };
        var reader = await session.StartAsync(command);
        silo.Engine.Allow(3);
        var seen = await reader.TakeTokensAsync(3);
        await using var reborn = await silo.KilledAsync();
        var again = await reborn.Owner("a").RunAsync(command);
        Assert.Equal(seen[0].Started!.Seed, again[0].Started!.Seed);
        Assert.Equal(FakeEngine.Generate(s_prompt, seen[0].Started!.Seed, 8), again.Ids());
        Assert.Equal(seen.Ids(), again.Ids()[..3]);
    }

    [Fact]
    public async Task Another_request_with_the_same_key_is_refused()
    {
        await using var silo = await SiloHarness.StartAsync();
        var session = await silo.CreateAsync("a");
        await session.RunAsync(Command(s_prompt, key: "k"));
        foreach (var other in new[] { Command([1], key: "k"), Command(s_prompt, maxTokens: 9, key: "k"), Command(s_prompt, seed: 2, key: "k") })
        {
            var failure = await Assert.ThrowsAsync<OrleansLMException>(() => session.RunAsync(other));
            Assert.Equal((ErrorCode.InvalidArgument, "idempotency_key"), (failure.Code, failure.Field));
        }

        Assert.Equal(11, (await session.InfoAsync()).Length);
    }

    [Fact]
    public async Task How_a_map_is_ordered_makes_no_other_request()
    {
        await using var silo = await SiloHarness.StartAsync();
        var session = await silo.CreateAsync("a");
        var one = Command(s_prompt, key: "k") with { Sampling = new SamplingSettings { LogitBias = new Dictionary<int, float> { [1] = 1, [2] = 2 } } };
        var other = one with { Sampling = new SamplingSettings { LogitBias = new Dictionary<int, float> { [2] = 2, [1] = 1 } }, OnDisconnect = DisconnectPolicy.Cancel };
        var first = await session.RunAsync(one);
        Assert.Equal(first[0].TurnId, (await session.RunAsync(other))[0].TurnId);
    }

    [Fact]
    public async Task The_key_of_a_turn_that_was_rolled_back_does_not_start_it_again()
    {
        await using var silo = await SiloHarness.StartAsync();
        var session = await silo.CreateAsync("a");
        await session.RunAsync(Command(s_prompt, key: "k"));
        await session.RollBackAsync(new RollbackSession { Position = -1 }, CancellationToken.None);
        await using var reborn = await silo.KilledAsync();
        foreach (var owner in new[] { session, reborn.Owner("a") })
        {
            var failure = await Assert.ThrowsAsync<OrleansLMException>(() => owner.RunAsync(Command(s_prompt, key: "k")));
            Assert.Equal((ErrorCode.FailedPrecondition, "TURN_ROLLED_BACK"), (failure.Code, failure.Reason));
            Assert.Equal(10, (await owner.InfoAsync()).Length);
        }
    }

    [Fact]
    public async Task Two_sessions_may_use_the_same_key()
    {
        await using var silo = await SiloHarness.StartAsync();
        var a = await (await silo.CreateAsync("a")).RunAsync(Command(s_prompt, key: "k"));
        var b = await (await silo.CreateAsync("b")).RunAsync(Command(s_prompt, key: "k"));
        Assert.NotEqual(a[0].TurnId, b[0].TurnId);
    }
}
