using OrleansLM.Contracts.Messages;
using OrleansLM.Silo.Log;
using OrleansLM.Silo.Tests.Doubles;

namespace OrleansLM.Silo.Tests.Sessions;

/// <summary>Promises 2 and 3 over the real engine: what a session says does not depend on what happened to it.</summary>
public sealed class RealEngineTests(TinyEngine tiny) : IClassFixture<TinyEngine>
{
    private const int Total = 48;
    private static readonly TurnCommand s_first = Turn("Emma Woodhouse, handsome, clever, and rich, with a comfortable home", seed: 11);
    private static readonly TurnCommand s_second = Turn(" and then, to the surprise of all,", seed: 12);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Killed_at_random_tokens_the_stream_is_the_uninterrupted_one(int seed)
    {
        var random = new Random(seed);
        var whole = await WholeAsync();
        var interval = random.Next(2) == 0 ? TimeSpan.Zero : TimeSpan.FromMilliseconds(20);
        var silo = await SiloHarness.StartAsync(tiny.Engine, logOptions: new SessionLogOptions { GroupInterval = interval });
        var reader = await (await silo.CreateAsync("a")).StartAsync(s_first);
        var start = whole[0].Started!.PromptTokens;
        var seen = new List<TurnEvent>();
        while (seen.Count < Total)
        {
            seen.AddRange((await reader.TakeTokensAsync(Math.Min(random.Next(1, 20), Total - seen.Count))).Where(item => item.Kind == TurnEventKind.Token));
            var reborn = await silo.KilledAsync();
            await silo.DisposeAsync();
            silo = reborn;
            reader = await silo.Owner("a").ResumeAsync(new ResumeStream { FromOffset = start + seen.Count }, CancellationToken.None);
        }

        var rest = await reader.AllAsync();
        Assert.Equal(whole.Ids(), seen.Ids());
        Assert.Equal(whole.Text(), seen.Concat(rest).Text());
        Assert.Equal(Enumerable.Range(start, Total), seen.Offsets());
        Assert.Equal(whole[^1].Finished!.SessionLength, rest[^1].Finished!.SessionLength);
        await silo.DisposeAsync();
    }

    [Fact]
    public async Task A_second_turn_is_the_same_after_sleep_fork_and_rollback()
    {
        await using var silo = await SiloHarness.StartAsync(tiny.Engine);
        var session = await silo.CreateAsync("a");
        await session.RunAsync(s_first);
        await session.AddCheckpointAsync("first", null, CancellationToken.None);
        await session.ForkAsync(new ForkSession { NewSessionId = "fork" }, CancellationToken.None);
        await session.ForkAsync(new ForkSession { NewSessionId = "sleeper" }, CancellationToken.None);
        var expected = await session.RunAsync(s_second);

        Assert.Equal(expected.Ids(), (await silo.Owner("fork").RunAsync(s_second)).Ids());

        await silo.Owner("sleeper").InfoAsync();
        await silo.DeactivateAsync("sleeper");
        var awake = await silo.Owner("sleeper").RunAsync(s_second);
        Assert.Equal(expected.Ids(), awake.Ids());
        Assert.True(awake[^1].Finished!.PrefilledTokens > expected[^1].Finished!.PrefilledTokens);

        await session.RollBackAsync(new RollbackSession { Checkpoint = "first" }, CancellationToken.None);
        Assert.Equal(expected.Ids(), (await session.RunAsync(s_second)).Ids());
    }

    [Fact]
    public async Task Sessions_do_not_change_each_other()
    {
        var whole = await WholeAsync();
        await using var silo = await SiloHarness.StartAsync(tiny.Engine);
        var runs = Enumerable.Range(0, 6).Select(async i =>
        {
            var events = await (await silo.CreateAsync($"s{i}")).RunAsync(i % 2 == 0 ? s_first : s_second);
            return i % 2 == 0 ? events.Ids() : null;
        });
        Assert.All((await Task.WhenAll(runs.ToList())).OfType<int[]>(), ids => Assert.Equal(whole.Ids(), ids));
    }

    [Fact]
    public async Task A_stop_string_is_found_across_a_kill()
    {
        var whole = await WholeAsync();
        var text = whole.Text();
        var at = (text.Length / 2) + text[(text.Length / 2)..].IndexOf(' ', StringComparison.Ordinal) - 2;
        var stop = text.Substring(at, 6);
        var command = s_first with { Stop = s_first.Stop with { Stop = [stop] } };
        var silo = await SiloHarness.StartAsync(tiny.Engine, logOptions: new SessionLogOptions { GroupInterval = TimeSpan.Zero });
        var expected = await (await silo.CreateAsync("x")).RunAsync(command);
        Assert.Equal(TurnFinishReason.Stop, expected[^1].Finished!.Reason);
        for (var cut = 1; cut < expected.Ids().Length; cut += 5)
        {
            var reader = await (await silo.CreateAsync($"a{cut}")).StartAsync(command);
            var seen = await reader.TakeTokensAsync(cut);
            var reborn = await silo.KilledAsync();
            await silo.DisposeAsync();
            silo = reborn;
            var rest = await silo.Owner($"a{cut}").ResumeAsync(seen[^1].Offset + 1);
            Assert.Equal(expected.Ids(), seen.Ids().Concat(rest.Ids()));
            Assert.Equal(expected.Text(), seen.Text() + rest.Text());
        }

        await silo.DisposeAsync();
    }

    /// <summary>They are not in the log: scoring the tokens again has to give the same bits.</summary>
    [Theory]
    [InlineData(3, null, 1)]
    [InlineData(0, null, 7)]
    [InlineData(2, 5, 30)]
    [InlineData(null, 1, 30)]
    [InlineData(2, 0, 0)]
    public async Task Log_probabilities_are_the_same_after_a_kill_and_when_an_ended_turn_is_read_again(int? sampled, int? prompt, int cut)
    {
        var command = s_first with { Sampling = s_first.Sampling with { LogProbs = sampled }, PromptLogProbs = prompt };
        var silo = await SiloHarness.StartAsync(tiny.Engine, logOptions: new SessionLogOptions { GroupInterval = TimeSpan.Zero });
        await (await silo.CreateAsync("before")).RunAsync(s_second);
        await silo.Owner("before").ForkAsync(new ForkSession { NewSessionId = "cut" }, CancellationToken.None);
        var expected = await silo.Owner("before").RunAsync(command);
        Assert.Equal(Total, expected.Ids().Length);
        await (await silo.Owner("cut").StartAsync(command)).TakeTokensAsync(cut);

        AssertSame(await silo.Owner("before").ResumeAsync(0));
        var reborn = await silo.KilledAsync();
        await silo.DisposeAsync();
        silo = reborn;
        AssertSame(await silo.Owner("before").ResumeAsync(0));
        AssertSame(await silo.Owner("cut").ResumeAsync(0));
        await silo.Owner("before").RunAsync(s_second);
        AssertSame(await silo.Owner("before").ResumeAsync(0, expected[0].TurnId));
        await silo.DisposeAsync();

        void AssertSame(List<TurnEvent> found)
        {
            Assert.Equal(expected.Select(Scores).OfType<string>(), found.Select(Scores).OfType<string>());
            Assert.Equal(expected.Text(), found.Text());
        }
    }

    [Fact]
    public async Task A_turn_that_is_cancelled_while_its_tokens_are_scored_again_keeps_them()
    {
        var command = s_first with { Sampling = s_first.Sampling with { LogProbs = 1 }, Stop = new StopSettings { MaxTokens = 20_000, IgnoreEos = true } };
        var silo = await SiloHarness.StartAsync(tiny.Engine, logOptions: new SessionLogOptions { GroupInterval = TimeSpan.Zero });
        var session = await silo.CreateAsync("a");
        await session.RunAsync(SessionCalls.Append([.. Enumerable.Range(300, 900)]));
        var seen = await (await session.StartAsync(command)).TakeTokensAsync(20);
        while (await LoggedAsync(silo) <= seen[^1].Offset)
        {
            await Task.Delay(1);
        }

        var reborn = await silo.KilledAsync();
        await silo.DisposeAsync();
        silo = reborn;
        var logged = await LoggedAsync(silo);
        var reader = await silo.Owner("a").ResumeAsync(new ResumeStream { FromOffset = 0 }, CancellationToken.None);
        Assert.True((await silo.Owner("a").InfoAsync()).Length >= logged);
        Assert.True(await silo.Owner("a").CancelAsync(null, CancellationToken.None));
        var events = await reader.AllAsync();
        Assert.Equal(seen.Ids(), events.Ids().Take(20));
        Assert.True(events[^1].Finished!.SessionLength >= logged);
        Assert.Equal(events[^1].Finished!.SessionLength, (await silo.Owner("a").InfoAsync()).Length);
        await silo.DisposeAsync();

        static async Task<int> LoggedAsync(SiloHarness silo) => (await silo.Log.ListAsync(new SessionFilter(), long.MaxValue, 1))[0].Session.Length;
    }

    [Fact]
    public async Task Cancelling_at_once_keeps_the_prompt()
    {
        await using var silo = await SiloHarness.StartAsync(tiny.Engine);
        var session = await silo.CreateAsync("a");
        var ids = Enumerable.Range(0, 600).Select(i => 300 + i).ToArray();
        var reader = await session.StartAsync(SessionCalls.Command(ids, maxTokens: 1000));
        Assert.True(await session.CancelAsync(null, CancellationToken.None));
        var end = (await reader.AllAsync())[^1].Finished!;
        Assert.Equal((TurnFinishReason.Cancelled, 600 + end.GeneratedTokens), (end.Reason, end.SessionLength));
        Assert.Equal(end.SessionLength, (await session.InfoAsync()).Length);
        await session.RunAsync(SessionCalls.Command(maxTokens: 1));
        Assert.Equal(end.SessionLength + 1, (await session.InfoAsync()).Length);
    }

    private static string? Scores(TurnEvent item) => item.Kind is TurnEventKind.Token or TurnEventKind.PromptLogProb
        ? $"{item.Kind} {item.Offset} {item.TokenId} {item.LogProb:R} {string.Join(' ', item.Top?.Select(top => $"{top.TokenId}:{top.LogProb:R}") ?? [])}"
        : null;

    private static TurnCommand Turn(string text, ulong seed) => new()
    {
        Input = new ModelInput { Text = text },
        Sampling = new SamplingSettings { Temperature = 0.9f, TopP = 0.95f, RepetitionPenalty = 1.1f, Seed = seed },
        Stop = new StopSettings { MaxTokens = Total, IgnoreEos = true },
    };

    private async Task<List<TurnEvent>> WholeAsync()
    {
        await using var silo = await SiloHarness.StartAsync(tiny.Engine);
        return await (await silo.CreateAsync("whole")).RunAsync(s_first);
    }
}
