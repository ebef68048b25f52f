using Microsoft.Extensions.Options;
using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Grains;
using OrleansLM.Contracts.Messages;
using OrleansLM.Silo.Tests.Doubles;
using static OrleansLM.Silo.Tests.Doubles.SessionCalls;

namespace OrleansLM.Silo.Tests.Hosting;

/// <summary>Through the grains, as the gateway calls them.</summary>
public sealed class SiloHostTests : IDisposable
{
    private static readonly int[] s_prompt = [1, 500, 600];
    private readonly TemporaryDirectory _folder = new();
    private readonly TemporaryDirectory _next = new();

    [Fact]
    public async Task A_session_that_lies_idle_falls_asleep_by_itself_and_wakes_with_its_state()
    {
        using var folder = new TemporaryDirectory();
        await using var silo = await SiloHost.StartAsync(folder.Path, sleepAfter: TimeSpan.FromMilliseconds(100));
        await silo.Session("a").CreateAsync(new CreateSession());
        await silo.Session("a").RunTurnAsync(SessionCalls.Command([1, 300, 301])).ToListAsync();
        await silo.CountedAsync("orleanslm.sessions.sleeps");
        var computed = silo.Engine.ComputedTokens;
        await silo.Session("a").RunTurnAsync(SessionCalls.Command([302], maxTokens: 5)).ToListAsync();
        Assert.Equal(1 + 5, silo.Engine.ComputedTokens - computed);
    }

    [Fact]
    public async Task A_session_lives_through_its_grain()
    {
        await using var silo = await SiloHost.StartAsync(_folder.Path);
        var session = silo.Session("a");
        var created = await session.CreateAsync(new CreateSession { Tenant = "t" });
        Assert.Equal(("a", "fake", "t", 0), (created.SessionId, created.Model, created.Tenant, created.Length));
        var events = await session.RunTurnAsync(Command(s_prompt)).ToListAsync();
        Assert.Equal(FakeEngine.Generate(s_prompt, 1, 8), events.Ids());
        await session.CreateCheckpointAsync("c", null);
        Assert.Equal(events.Ids(), (await session.ResumeAsync(new ResumeStream { FromOffset = 0 }).ToListAsync()).Ids());
        Assert.Equal(9, (await session.RollbackAsync(new RollbackSession { Position = -2 })).Length);
        Assert.Equal(9, (await session.GetHistoryAsync(0, 0)).TokenIds.Count);
        await session.DeleteAsync();
        Assert.Equal(ErrorCode.NotFound, (await Assert.ThrowsAsync<OrleansLMException>(() => session.GetAsync())).Code);
    }

    [Fact]
    public async Task A_session_knows_the_streams_that_are_read_from_it()
    {
        await using var silo = await SiloHost.StartAsync(_folder.Path, new FakeEngine(isPaced: true));
        var session = silo.Session("a");
        await session.CreateAsync(new CreateSession());
        Assert.False(await session.HasStreamAsync("turn"));
        await using var turn = session.RunTurnAsync(Command(s_prompt) with { StreamId = "turn" }).GetAsyncEnumerator();
        Assert.True(await turn.MoveNextAsync());
        await using var resumed = session.ResumeAsync(new ResumeStream { FromOffset = 0, StreamId = "resumed" }).GetAsyncEnumerator();
        Assert.True(await resumed.MoveNextAsync());
        Assert.Equal((true, true, false), (await session.HasStreamAsync("turn"), await session.HasStreamAsync("resumed"), await session.HasStreamAsync("other")));
        Assert.True(await session.HasStreamAsync("turn", s_prompt.Length));
        silo.Engine.Allow(1);
        Assert.True(await resumed.MoveNextAsync());
        while (resumed.Current.Kind != TurnEventKind.Token)
        {
            Assert.True(await resumed.MoveNextAsync());
        }

        Assert.Equal((false, true), (await session.HasStreamAsync("turn", s_prompt.Length), await session.HasStreamAsync("turn", s_prompt.Length + 1)));
        Assert.True(await session.CancelAsync(null));
        while (await resumed.MoveNextAsync())
        {
        }

        Assert.False(await session.HasStreamAsync("resumed"));
    }

    [Fact]
    public async Task Errors_come_whole_to_the_caller()
    {
        await using var silo = await SiloHost.StartAsync(_folder.Path, new FakeEngine(isPaced: true));
        var session = silo.Session("a");
        await session.CreateAsync(new CreateSession());
        await using var first = session.RunTurnAsync(Command(s_prompt)).GetAsyncEnumerator();
        await first.MoveNextAsync();
        var conflict = await Assert.ThrowsAsync<OrleansLMException>(async () => await session.RunTurnAsync(Command([1])).ToListAsync());
        Assert.Equal((ErrorCode.Aborted, "TURN_IN_PROGRESS", first.Current.TurnId), (conflict.Code, conflict.Reason, conflict.TurnId));
        Assert.True(await session.CancelAsync(null));
        var invalid = await Assert.ThrowsAsync<OrleansLMException>(() => silo.Session("b").CreateAsync(new CreateSession { Tenant = new string('t', 99) }));
        Assert.Equal((ErrorCode.InvalidArgument, "tenant"), (invalid.Code, invalid.Field));
    }

    [Fact]
    public async Task A_forks_child_takes_the_computed_state_over()
    {
        await using var silo = await SiloHost.StartAsync(_folder.Path);
        var parent = silo.Session("a");
        await parent.CreateAsync(new CreateSession());
        await parent.RunTurnAsync(Command(s_prompt)).ToListAsync();
        var child = await parent.ForkAsync(new ForkSession { NewSessionId = "b", Position = 6 });
        Assert.Equal((6, 6, "a"), (child.Length, child.ComputedLength, child.ParentSessionId));
        var events = await silo.Session("b").RunTurnAsync(Command(seed: 4)).ToListAsync();
        Assert.Equal(0, events[^1].Finished!.PrefilledTokens);
        Assert.Equal(2, silo.Engine.LiveSequences);
    }

    [Fact]
    public async Task A_turn_that_a_kill_interrupted_goes_on_by_itself()
    {
        string turnId;
        await using (var killed = await SiloHost.StartAsync(_folder.Path, new FakeEngine(isPaced: true)))
        {
            var session = killed.Session("a");
            await session.CreateAsync(new CreateSession());
            killed.Engine.Allow(3);
            await using var stream = session.RunTurnAsync(Command(s_prompt)).GetAsyncEnumerator();
            await stream.MoveNextAsync();
            turnId = stream.Current.TurnId;
            SiloHost.CopyLog(_folder.Path, _next.Path);
        }

        await using var silo = await SiloHost.StartAsync(_next.Path);
        await silo.CountedAsync("orleanslm.turns.ended");
        var replay = await silo.Session("a").ResumeAsync(new ResumeStream { TurnId = turnId, FromOffset = 0 }).ToListAsync();
        Assert.Equal(FakeEngine.Generate(s_prompt, 1, 8), replay.Ids());
        Assert.Null((await silo.Session("a").GetAsync()).ActiveTurnId);
    }

    [Fact]
    public async Task A_turn_that_was_to_end_with_its_caller_does_not_go_on_after_a_kill()
    {
        await using (var killed = await SiloHost.StartAsync(_folder.Path, new FakeEngine(isPaced: true)))
        {
            var session = killed.Session("a");
            await session.CreateAsync(new CreateSession());
            await using var stream = session.RunTurnAsync(Command(s_prompt) with { OnDisconnect = DisconnectPolicy.Cancel }).GetAsyncEnumerator();
            await stream.MoveNextAsync();
            SiloHost.CopyLog(_folder.Path, _next.Path);
        }

        await using var silo = await SiloHost.StartAsync(_next.Path);
        await silo.CountedAsync("orleanslm.turns.ended");
        var replay = await silo.Session("a").ResumeAsync(new ResumeStream { FromOffset = 0 }).ToListAsync();
        Assert.Equal(TurnFinishReason.Cancelled, replay[^1].Finished!.Reason);
        Assert.Empty(replay.Ids());
    }

    [Fact]
    public async Task A_turn_that_a_stop_interrupted_goes_on_at_the_next_start()
    {
        var seen = new List<TurnEvent>();
        await using (var stopped = await SiloHost.StartAsync(_folder.Path, new FakeEngine(isPaced: true)))
        {
            var session = stopped.Session("a");
            await session.CreateAsync(new CreateSession());
            stopped.Engine.Allow(3);
            await foreach (var item in session.RunTurnAsync(Command(s_prompt)))
            {
                seen.Add(item);
                if (seen.Ids().Length == 3)
                {
                    break;
                }
            }
        }

        await using var silo = await SiloHost.StartAsync(_folder.Path, configure: options => options.AutoResume = false);
        Assert.Equal((6, seen[0].TurnId), ((await silo.Session("a").GetAsync()).Length, (await silo.Session("a").GetAsync()).ActiveTurnId));
        var rest = await silo.Session("a").ResumeAsync(new ResumeStream { FromOffset = 6 }).ToListAsync();
        Assert.Equal(FakeEngine.Generate(s_prompt, 1, 8), seen.Ids().Concat(rest.Ids()));
    }

    [Theory]
    [InlineData(DisconnectPolicy.Cancel)]
    [InlineData(DisconnectPolicy.Continue)]
    public async Task Leaving_the_stream_ends_the_turn_only_when_asked_to(DisconnectPolicy policy)
    {
        await using var silo = await SiloHost.StartAsync(_folder.Path, new FakeEngine(isPaced: true));
        var session = silo.Session("a");
        await session.CreateAsync(new CreateSession());
        await using (var stream = session.RunTurnAsync(Command(s_prompt) with { OnDisconnect = policy }).GetAsyncEnumerator())
        {
            await stream.MoveNextAsync();
        }

        if (policy == DisconnectPolicy.Continue)
        {
            silo.Engine.Allow(8);
        }

        await silo.CountedAsync("orleanslm.turns.ended");
        var events = await session.ResumeAsync(new ResumeStream { FromOffset = 0 }).ToListAsync();
        Assert.Equal(policy == DisconnectPolicy.Cancel ? TurnFinishReason.Cancelled : TurnFinishReason.Length, events[^1].Finished!.Reason);
    }

    [Fact]
    public async Task Sessions_whose_time_is_up_are_deleted_without_a_caller()
    {
        await using var silo = await SiloHost.StartAsync(_folder.Path, configure: options => options.ExpiryInterval = TimeSpan.FromMilliseconds(100));
        await silo.Session("a").CreateAsync(new CreateSession { TimeToLive = TimeSpan.FromSeconds(1) });
        await silo.Session("b").CreateAsync(new CreateSession());
        await silo.CountedAsync("orleanslm.sessions.expired");
        var page = await silo.Grains.GetGrain<ISessionIndexGrain>(0).ListAsync(new SessionQuery { PageSize = 10 });
        Assert.Equal("b", Assert.Single(page.Sessions).SessionId);
    }

    [Fact]
    public async Task Listings_go_on_from_page_to_page()
    {
        await using var silo = await SiloHost.StartAsync(_folder.Path);
        for (var i = 0; i < 5; i++)
        {
            await silo.Session($"s{i}").CreateAsync(new CreateSession { Tenant = $"t{i % 2}" });
        }

        var index = silo.Grains.GetGrain<ISessionIndexGrain>(0);
        var first = await index.ListAsync(new SessionQuery { PageSize = 3 });
        var second = await index.ListAsync(new SessionQuery { PageSize = 3, PageToken = first.NextPageToken });
        Assert.Equal(["s4", "s3", "s2", "s1", "s0"], first.Sessions.Concat(second.Sessions).Select(session => session.SessionId));
        Assert.Null(second.NextPageToken);
        await silo.Session("s1").RunTurnAsync(Command(s_prompt)).ToListAsync();
        var active = (await index.ListAsync(new SessionQuery { PageSize = 9 })).Sessions.Single(session => session.SessionId == "s1");
        Assert.Equal((11, 11), (active.Length, active.ComputedLength));
        Assert.Equal(["s3", "s1"], (await index.ListAsync(new SessionQuery { PageSize = 9, Tenant = "t1" })).Sessions.Select(session => session.SessionId));
        Assert.Equal("page_token", (await Assert.ThrowsAsync<OrleansLMException>(() => index.ListAsync(new SessionQuery { PageSize = 1, PageToken = "x" }))).Field);
        Assert.Equal("page_size", (await Assert.ThrowsAsync<OrleansLMException>(() => index.ListAsync(new SessionQuery { PageSize = 0 }))).Field);
    }

    [Fact]
    public async Task Models_tell_what_they_are_and_turn_text_to_ids_and_back()
    {
        await using var silo = await SiloHost.StartAsync(_folder.Path);
        var model = silo.Grains.GetGrain<IModelGrain>("fake");
        Assert.Equal(("fake", "mistral", 4096), ((await model.GetAsync()).Name, (await model.GetAsync()).Family, (await model.GetAsync()).ContextTokens));
        var ids = await model.TokenizeAsync(new ModelInput { Text = "Hello there" }, addBos: true);
        Assert.Equal(silo.Engine.Tokenizer.Encode("Hello there", addBos: true), ids.Ids);
        Assert.Equal(ids.Ids.Count, ids.Pieces.Count);
        Assert.Equal("Hello there", await model.DetokenizeAsync(ids.Ids, showSpecial: false));
        Assert.Equal("ids[1]", (await Assert.ThrowsAsync<OrleansLMException>(() => model.DetokenizeAsync(new[] { 1, -1 }, false))).Field);
        Assert.Equal(ErrorCode.NotFound, (await Assert.ThrowsAsync<OrleansLMException>(() => silo.Grains.GetGrain<IModelGrain>("x").GetAsync())).Code);
    }

    [Fact]
    public async Task A_text_is_scored_position_by_position()
    {
        await using var silo = await SiloHost.StartAsync(_folder.Path);
        var model = silo.Grains.GetGrain<IModelGrain>("fake");
        var command = new ScoreCommand { Input = new ModelInput { TokenIds = [1, 500, 600, 700] } };
        var events = await model.ScoreAsync(command).ToListAsync();
        var scored = events.Where(item => item.Tokens is not null).ToList();
        Assert.Equal([500, 600, 700], scored.SelectMany(item => item.Tokens!).Select(token => token.TokenId));
        Assert.Equal(1, scored[0].StartPosition);
        var summary = events[^1].Summary!;
        Assert.Equal(3, summary.Tokens);
        Assert.Equal(0.6, summary.MeanNegativeLogLikelihood, 6);
        Assert.Equal(0, silo.Engine.LiveSequences);
        var failure = await Assert.ThrowsAsync<OrleansLMException>(async () => await model.ScoreAsync(command with { Top = 21 }).ToListAsync());
        Assert.Equal("top", failure.Field);
    }

    [Fact]
    public async Task The_topology_names_this_silo_and_its_pipelines()
    {
        await using var silo = await SiloHost.StartAsync(_folder.Path);
        var topology = await silo.Grains.GetGrain<IClusterGrain>(0).GetTopologyAsync();
        var only = Assert.Single(topology.Silos);
        Assert.Equal("Active", only.Status);
        var pipeline = Assert.Single(only.Pipelines);
        Assert.Equal(("fake", "fake", 1), (pipeline.Model, pipeline.Backend, pipeline.Stages.Count));
        Assert.Equal("fake", Assert.Single(await silo.Grains.GetGrain<IClusterGrain>(0).ListModelsAsync()).Name);
        var unknown = silo.Grains.GetGrain<IPipelineGrain>($"{only.Name}/x");
        Assert.Equal(ErrorCode.NotFound, (await Assert.ThrowsAsync<OrleansLMException>(() => unknown.GetAsync())).Code);
    }

    [Fact]
    public async Task Wrong_options_stop_the_start_with_their_names()
    {
        var failure = await Assert.ThrowsAsync<OptionsValidationException>(() => SiloHost.StartAsync(_folder.Path, configure: options =>
        {
            options.MaxOpenSessions = 0;
            options.ExpiryInterval = TimeSpan.FromMilliseconds(1);
        }));
        Assert.Contains("MaxOpenSessions", failure.Message, StringComparison.Ordinal);
        Assert.Contains("ExpiryInterval", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_thousand_turns_of_many_sessions_run_together()
    {
        await using var silo = await SiloHost.StartAsync(_folder.Path);
        await Parallel.ForEachAsync(Enumerable.Range(0, 50), async (i, cancellation) =>
        {
            var session = silo.Session($"s{i}");
            await session.CreateAsync(new CreateSession(), cancellation);
            var tokens = new List<int>();
            for (var turn = 0; turn < 20; turn++)
            {
                tokens.Add(300 + turn);
                var events = await session.RunTurnAsync(Command([300 + turn], maxTokens: 3), cancellation).ToListAsync(cancellation);
                var expected = FakeEngine.Generate(tokens, 1, 3);
                Assert.Equal(expected, events.Ids());
                tokens.AddRange(expected);
            }
        });
    }

    public void Dispose()
    {
        _folder.Dispose();
        _next.Dispose();
    }
}
