using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Messages;
using OrleansLM.Silo.Sessions;
using OrleansLM.Silo.Tests.Doubles;
using static OrleansLM.Silo.Tests.Doubles.SessionCalls;

namespace OrleansLM.Silo.Tests.Sessions;

public sealed class EditTests
{
    private static readonly int[] s_prompt = [1, 500, 600];

    [Fact]
    public async Task A_fork_goes_on_as_its_parent_would_and_computes_nothing_again()
    {
        await using var silo = await SiloHarness.StartAsync();
        var parent = await silo.CreateAsync("a", new CreateSession { Tenant = "t", Metadata = new Dictionary<string, string> { ["k"] = "v" } });
        await parent.RunAsync(Command(s_prompt));
        await parent.AddCheckpointAsync("low", 2, CancellationToken.None);
        await parent.AddCheckpointAsync("high", 9, CancellationToken.None);
        await parent.ForkAsync(new ForkSession { NewSessionId = "b", Position = 5 }, CancellationToken.None);
        var child = silo.Owner("b");
        var info = await child.InfoAsync();
        Assert.Equal((5, "a", 5, "t", "v", 5), (info.Length, info.ParentSessionId, info.ParentPosition, info.Tenant, info.Metadata["k"], info.ComputedLength));
        Assert.Equal("low", Assert.Single(info.Checkpoints).Name);
        var context = (await parent.TokensAsync())[..5];
        var events = await child.RunAsync(Command(seed: 3));
        Assert.Equal(FakeEngine.Generate(context, 3, 8), events.Ids());
        Assert.Equal(0, events[^1].Finished!.PrefilledTokens);
        Assert.Equal(11, (await parent.InfoAsync()).Length);
    }

    [Fact]
    public async Task A_fork_is_durable_and_outlives_its_parent()
    {
        await using var silo = await SiloHarness.StartAsync();
        var parent = await silo.CreateAsync("a");
        await parent.RunAsync(Command(s_prompt));
        var tokens = await parent.TokensAsync();
        await parent.ForkAsync(new ForkSession { NewSessionId = "b", Position = -2 }, CancellationToken.None);
        await parent.DeleteAsync(CancellationToken.None);
        await using var reborn = await silo.KilledAsync();
        Assert.Equal(tokens[..^2], await reborn.Owner("b").TokensAsync());
    }

    [Fact]
    public async Task A_running_turn_may_be_forked_where_it_has_got_to()
    {
        await using var silo = await SiloHarness.StartAsync(new FakeEngine(isPaced: true));
        var parent = await silo.CreateAsync("a");
        var reader = await parent.StartAsync(Command(s_prompt));
        var tooEarly = await Assert.ThrowsAsync<OrleansLMException>(() => parent.ForkAsync(new ForkSession { NewSessionId = "x", Position = 1 }, CancellationToken.None));
        Assert.Equal(ErrorCode.OutOfRange, tooEarly.Code);
        silo.Engine.Allow(4);
        await reader.TakeTokensAsync(4);
        await parent.ForkAsync(new ForkSession { NewSessionId = "b", Position = 6 }, CancellationToken.None);
        silo.Engine.Allow(20);
        await reader.AllAsync();
        var context = (await parent.TokensAsync())[..6];
        Assert.Equal(context, await silo.Owner("b").TokensAsync());
        Assert.Equal(FakeEngine.Generate(context, 1, 8), (await silo.Owner("b").RunAsync(Command())).Ids());
    }

    [Fact]
    public async Task A_fork_onto_a_taken_id_changes_nothing()
    {
        await using var silo = await SiloHarness.StartAsync();
        var parent = await silo.CreateAsync("a");
        await silo.CreateAsync("b");
        await parent.RunAsync(Command(s_prompt));
        var failure = await Assert.ThrowsAsync<OrleansLMException>(() => parent.ForkAsync(new ForkSession { NewSessionId = "b" }, CancellationToken.None));
        Assert.Equal(ErrorCode.AlreadyExists, failure.Code);
        Assert.Equal(0, (await silo.Owner("b").InfoAsync()).Length);
        Assert.Equal(1, silo.Engine.LiveSequences);
    }

    [Fact]
    public async Task A_rollback_forgets_tokens_and_checkpoints_beyond()
    {
        await using var silo = await SiloHarness.StartAsync();
        var session = await silo.CreateAsync("a");
        await session.RunAsync(Command(s_prompt));
        await session.AddCheckpointAsync("c", 4, CancellationToken.None);
        await session.AddCheckpointAsync("end", null, CancellationToken.None);
        var tokens = await session.TokensAsync();
        var info = await session.RollBackAsync(new RollbackSession { Checkpoint = "c" }, CancellationToken.None);
        Assert.Equal((4, "c"), (info.Length, Assert.Single(info.Checkpoints).Name));
        Assert.Equal(tokens[..4], await session.TokensAsync());
        Assert.Equal(FakeEngine.Generate(tokens[..4], 1, 8), (await session.RunAsync(Command())).Ids());
        var failure = await Assert.ThrowsAsync<OrleansLMException>(() => session.RollBackAsync(new RollbackSession { Checkpoint = "end" }, CancellationToken.None));
        Assert.Equal(ErrorCode.NotFound, failure.Code);
    }

    [Theory]
    [InlineData(12)]
    [InlineData(-12)]
    public async Task Positions_outside_the_session_are_out_of_range(int position)
    {
        await using var silo = await SiloHarness.StartAsync();
        var session = await silo.CreateAsync("a");
        await session.RunAsync(Command(s_prompt));
        foreach (var call in new Func<Task>[]
        {
            () => session.RollBackAsync(new RollbackSession { Position = position }, CancellationToken.None),
            () => session.ForkAsync(new ForkSession { NewSessionId = "b", Position = position }, CancellationToken.None),
            () => session.AddCheckpointAsync("c", position, CancellationToken.None),
        })
        {
            var failure = await Assert.ThrowsAsync<OrleansLMException>(call);
            Assert.Equal((ErrorCode.OutOfRange, "position"), (failure.Code, failure.Field));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Whatever_is_done_in_whatever_order_a_session_is_its_tokens(int seed)
    {
        var random = new Random(seed);
        var silo = await SiloHarness.StartAsync();
        var model = new Dictionary<string, List<int>> { ["s0"] = [] };
        var checkpoints = new Dictionary<string, Dictionary<string, int>> { ["s0"] = [] };
        await silo.CreateAsync("s0");
        for (var step = 0; step < 120; step++)
        {
            var id = model.Keys.ElementAt(random.Next(model.Count));
            var (tokens, marks, owner) = (model[id], checkpoints[id], silo.Owner(id));
            switch (random.Next(7))
            {
                case 0 or 1:
                    int[] prompt = [random.Next(300, 900), random.Next(300, 900)];
                    var seedOfTurn = (ulong)random.Next();
                    var events = await owner.RunAsync(Command(prompt, maxTokens: random.Next(1, 9), seed: seedOfTurn));
                    tokens.AddRange(prompt);
                    var expected = FakeEngine.Generate(tokens, seedOfTurn, events.Ids().Length);
                    Assert.Equal(expected, events.Ids());
                    tokens.AddRange(expected);
                    break;
                case 2:
                    var keep = random.Next(tokens.Count + 1);
                    await owner.RollBackAsync(new RollbackSession { Position = random.Next(2) == 0 || keep == tokens.Count ? keep : keep - tokens.Count }, CancellationToken.None);
                    tokens.RemoveRange(keep, tokens.Count - keep);
                    checkpoints[id] = marks.Where(mark => mark.Value <= keep).ToDictionary();
                    break;
                case 3 when model.Count < 6:
                    var at = random.Next(tokens.Count + 1);
                    await owner.ForkAsync(new ForkSession { NewSessionId = $"s{step}f", Position = at }, CancellationToken.None);
                    model[$"s{step}f"] = tokens[..at];
                    checkpoints[$"s{step}f"] = marks.Where(mark => mark.Value <= at).ToDictionary();
                    break;
                case 4:
                    var position = random.Next(tokens.Count + 1);
                    await owner.AddCheckpointAsync($"c{step}", position, CancellationToken.None);
                    marks[$"c{step}"] = position;
                    break;
                case 5:
                    await silo.DeactivateAsync(id);
                    break;
                case 6 when random.Next(4) == 0:
                    var reborn = await silo.KilledAsync();
                    await silo.DisposeAsync();
                    silo = reborn;
                    break;
            }

            await AssertSameAsync(silo.Owner(id), model[id], checkpoints[id]);
        }

        foreach (var id in model.Keys)
        {
            await AssertSameAsync(silo.Owner(id), model[id], checkpoints[id]);
        }

        await silo.DisposeAsync();
    }

    private static async Task AssertSameAsync(SessionOwner owner, List<int> tokens, Dictionary<string, int> checkpoints)
    {
        Assert.Equal(tokens, await owner.TokensAsync());
        var info = await owner.InfoAsync();
        Assert.Equal(tokens.Count, info.Length);
        Assert.Equivalent(checkpoints, info.Checkpoints.ToDictionary(checkpoint => checkpoint.Name, checkpoint => checkpoint.Position));
    }
}
