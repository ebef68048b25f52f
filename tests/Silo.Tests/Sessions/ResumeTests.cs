using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Messages;
using OrleansLM.Silo.Sessions;
using OrleansLM.Silo.Tests.Doubles;
using static OrleansLM.Silo.Tests.Doubles.SessionCalls;

namespace OrleansLM.Silo.Tests.Sessions;

/// <summary>Promise 3: whatever happens to connections and processes, a stream goes on with the next token.</summary>
public sealed class ResumeTests
{
    private const int Start = 3;
    private const int Count = 12;
    private static readonly int[] s_prompt = [1, 500, 600];
    private static readonly int[] s_answer = FakeEngine.Generate(s_prompt, 1, Count);

    [Fact]
    public async Task A_live_stream_goes_on_from_every_offset()
    {
        await using var silo = await SiloHarness.StartAsync(new FakeEngine(isPaced: true));
        var session = await silo.CreateAsync("a");
        var reader = await session.StartAsync(Command(s_prompt, Count));
        silo.Engine.Allow(Count / 2);
        await reader.TakeTokensAsync(Count / 2);
        var readers = new List<TurnReader>();
        for (var offset = 0; offset <= Start + Count; offset++)
        {
            readers.Add(await session.ResumeAsync(new ResumeStream { FromOffset = offset }, CancellationToken.None));
        }

        silo.Engine.Allow(Count);
        for (var offset = 0; offset <= Start + Count; offset++)
        {
            AssertIsRest(await readers[offset].AllAsync(), offset);
        }
    }

    [Fact]
    public async Task An_ended_stream_is_given_out_again_from_every_offset_in_this_life_and_the_next()
    {
        await using var silo = await SiloHarness.StartAsync();
        var session = await silo.CreateAsync("a");
        var whole = await session.RunAsync(Command(s_prompt, Count));
        await session.RunAsync(Append(9));
        await using var reborn = await silo.KilledAsync();
        foreach (var owner in new[] { session, reborn.Owner("a") })
        {
            for (var offset = 0; offset <= Start + Count; offset++)
            {
                var rest = await owner.ResumeAsync(offset, whole[0].TurnId);
                AssertIsRest(rest, offset);
                Assert.Equivalent(whole[^1].Finished, rest[^1].Finished);
                Assert.Equal(string.Concat(whole.Where(item => item.Kind == TurnEventKind.Finished || (item.Kind == TurnEventKind.Token && item.Offset >= offset)).Select(item => item.Text)), rest.Text());
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task After_a_kill_the_stream_goes_on_whatever_was_delivered_or_logged(bool isLogged)
    {
        for (var delivered = 0; delivered <= Count; delivered++)
        {
            // With a long group interval nothing but the beginning is logged; flushing logs all.
            await using var silo = await SiloHarness.StartAsync(
                new FakeEngine(isPaced: true), logOptions: new() { GroupInterval = isLogged ? TimeSpan.Zero : TimeSpan.FromSeconds(5) });
            var session = await silo.CreateAsync("a");
            var reader = await session.StartAsync(Command(s_prompt, Count + 1));
            silo.Engine.Allow(delivered);
            var seen = await reader.TakeTokensAsync(delivered);
            if (isLogged)
            {
                await silo.Log.FlushAsync();
            }

            await using var reborn = await silo.KilledAsync();
            Assert.Equal(reader.TurnId, (await reborn.Owner("a").InfoAsync()).ActiveTurnId);
            var rest = await reborn.Owner("a").ResumeAsync(Start + delivered);
            Assert.Equal(FakeEngine.Generate(s_prompt, 1, Count + 1), seen.Ids().Concat(rest.Ids()));
            Assert.Equal(Enumerable.Range(Start + delivered, Count + 1 - delivered), rest.Offsets());
            Assert.Equal(seen.Text() + rest.Text(), (await reborn.Owner("a").HistoryAsync(Start, 0, CancellationToken.None)).Text);
            Assert.Equal((Count + 1, Start), (rest[^1].Finished!.GeneratedTokens, rest[^1].Finished!.PromptTokens));
        }
    }

    [Fact]
    public async Task A_turn_may_be_killed_again_and_again()
    {
        const int Total = 40;
        var random = new Random(4);
        var silo = await SiloHarness.StartAsync(new FakeEngine(isPaced: true), logOptions: new() { GroupInterval = TimeSpan.Zero });
        var reader = await (await silo.CreateAsync("a")).StartAsync(Command(s_prompt, Total));
        var seen = new List<int>();
        while (true)
        {
            var step = Math.Min(random.Next(1, 6), Total - seen.Count);
            silo.Engine.Allow(step);
            seen.AddRange((await reader.TakeTokensAsync(step)).Ids());
            if (seen.Count == Total)
            {
                break;
            }

            var reborn = await silo.KilledAsync(new FakeEngine(isPaced: true));

            // Regenerates what was delivered but not logged before anything new comes.
            var logged = (await reborn.Owner("a").InfoAsync()).Length;
            reborn.Engine.Allow(Start + seen.Count - Math.Max(Start, logged));
            reader = await reborn.Owner("a").ResumeAsync(new ResumeStream { FromOffset = Start + seen.Count }, CancellationToken.None);
            await silo.DisposeAsync();
            silo = reborn;
        }

        Assert.Equal(FakeEngine.Generate(s_prompt, 1, Total), seen);
        await silo.DisposeAsync();
    }

    [Fact]
    public async Task Going_to_sleep_interrupts_a_turn_and_resuming_goes_on()
    {
        await using var silo = await SiloHarness.StartAsync(new FakeEngine(isPaced: true));
        var session = await silo.CreateAsync("a");
        var reader = await session.StartAsync(Command(s_prompt, Count));
        silo.Engine.Allow(5);
        var seen = await reader.TakeTokensAsync(5);
        await silo.DeactivateAsync("a");
        var failure = await Assert.ThrowsAsync<OrleansLMException>(reader.AllAsync);
        Assert.Equal((ErrorCode.Unavailable, reader.TurnId), (failure.Code, failure.TurnId));
        Assert.Equal(0, silo.Engine.LiveSequences);
        silo.Engine.Allow(Count);
        AssertIsRest(await silo.Owner("a").ResumeAsync(Start + 5), Start + 5);
        Assert.Equal(s_answer[..5], seen.Ids());
    }

    [Fact]
    public async Task An_interrupted_turn_whose_last_token_is_logged_needs_no_engine()
    {
        await using var silo = await SiloHarness.StartAsync(new FakeEngine(isPaced: true), logOptions: new() { GroupInterval = TimeSpan.Zero });
        var session = await silo.CreateAsync("a");
        var reader = await session.StartAsync(Command(s_prompt, Count) with { Stop = new StopSettings { MaxTokens = Count, StopTokenIds = [s_answer[4]] } });
        silo.Engine.Allow(4);
        await reader.TakeTokensAsync(4);
        await silo.Log.FlushAsync();
        await using var reborn = await silo.KilledAsync(new FakeEngine { Refusal = new(OrleansLM.Engine.Runtime.EngineError.Internal, "must not be asked") });
        var stored = (await reborn.Log.OpenSessionAsync("a"))!;
        var tail = new OrleansLM.Silo.Log.TurnTail(stored.Handle, reader.TurnId, Start + 4);
        tail.Append(s_answer[4]);
        reborn.Log.Schedule(tail, urgent: true);
        await reborn.Log.FlushAsync();
        var rest = await reborn.Owner("a").ResumeAsync(Start + 4);
        Assert.Equal([s_answer[4]], rest.Ids());
        Assert.Equal(TurnFinishReason.Stop, rest[^1].Finished!.Reason);
        Assert.Null((await reborn.Owner("a").InfoAsync()).ActiveTurnId);
    }

    [Fact]
    public async Task Cancelling_an_interrupted_turn_keeps_its_logged_part()
    {
        await using var silo = await SiloHarness.StartAsync(new FakeEngine(isPaced: true), logOptions: new() { GroupInterval = TimeSpan.Zero });
        var session = await silo.CreateAsync("a");
        var reader = await session.StartAsync(Command(s_prompt, Count));
        silo.Engine.Allow(6);
        await reader.TakeTokensAsync(6);
        await silo.Log.FlushAsync();
        await using var reborn = await silo.KilledAsync();
        var owner = reborn.Owner("a");
        var conflict = await Assert.ThrowsAsync<OrleansLMException>(() => owner.RunAsync(Command([9])));
        Assert.Equal((ErrorCode.Aborted, "TURN_IN_PROGRESS", reader.TurnId), (conflict.Code, conflict.Reason, conflict.TurnId));
        Assert.True(await owner.CancelAsync(null, CancellationToken.None));
        Assert.Equal(s_prompt.Concat(s_answer[..6]), await owner.TokensAsync());
        Assert.Equal(TurnFinishReason.Cancelled, (await owner.ResumeAsync(0))[^1].Finished!.Reason);
        Assert.Equal(FakeEngine.Generate([.. s_prompt, .. s_answer[..6], 9], 1, 8), (await owner.RunAsync(Command([9]))).Ids());
    }

    [Fact]
    public async Task Other_weights_do_not_go_on_with_a_turn()
    {
        await using var silo = await SiloHarness.StartAsync(new FakeEngine(isPaced: true));
        await (await silo.CreateAsync("a")).StartAsync(Command(s_prompt, Count));
        await using var reborn = await silo.KilledAsync(new FakeEngine(fingerprint: "other"));
        var failure = await Assert.ThrowsAsync<OrleansLMException>(() => reborn.Owner("a").ResumeAsync(0));
        Assert.Equal((ErrorCode.FailedPrecondition, "MODEL_CHANGED"), (failure.Code, failure.Reason));
        Assert.True(await reborn.Owner("a").CancelAsync(null, CancellationToken.None));
        Assert.Equal(8, (await reborn.Owner("a").RunAsync(Command())).Ids().Length);
    }

    [Fact]
    public async Task An_offset_that_the_turn_cannot_have_delivered_is_out_of_range()
    {
        await using var silo = await SiloHarness.StartAsync(new FakeEngine(isPaced: true));
        var session = await silo.CreateAsync("a");
        await session.StartAsync(Command(s_prompt, Count));
        await AssertOutOfRangeAsync(session, Start + Count + 1);
        silo.Engine.Allow(4);
        await using (var reborn = await silo.KilledAsync())
        {
            await AssertOutOfRangeAsync(reborn.Owner("a"), Start + Count + 1);
        }

        await session.CancelAsync(null, CancellationToken.None);
        var end = (await session.ResumeAsync(0))[^1].Offset;
        await AssertOutOfRangeAsync(session, end + 1);
        Assert.Empty((await session.ResumeAsync(end)).Ids());
    }

    [Fact]
    public async Task Unknown_turns_are_not_found()
    {
        await using var silo = await SiloHarness.StartAsync();
        var session = await silo.CreateAsync("a");
        Assert.Equal(ErrorCode.NotFound, (await Assert.ThrowsAsync<OrleansLMException>(() => session.ResumeAsync(0))).Code);
        await session.RunAsync(Command(s_prompt));
        Assert.Equal(ErrorCode.NotFound, (await Assert.ThrowsAsync<OrleansLMException>(() => session.ResumeAsync(0, "other"))).Code);
    }

    [Fact]
    public async Task Log_probabilities_of_the_prompt_are_resumed_by_position_too()
    {
        await using var silo = await SiloHarness.StartAsync();
        var session = await silo.CreateAsync("a");
        await session.RunAsync(Command(s_prompt, Count) with { PromptLogProbs = 0 });
        var rest = await session.ResumeAsync(2);
        Assert.Equal([2], rest.Where(item => item.Kind == TurnEventKind.PromptLogProb).Select(item => item.Offset));
        Assert.Equal(s_answer, rest.Ids());
    }

    private static void AssertIsRest(List<TurnEvent> events, int offset)
    {
        var skipped = Math.Max(0, offset - Start);
        Assert.Equal(TurnEventKind.Started, events[0].Kind);
        Assert.True(events[0].Started!.Resumed);
        Assert.Equal(s_answer[skipped..], events.Ids());
        Assert.Equal(Enumerable.Range(Start + skipped, Count - skipped), events.Offsets());
        Assert.Equal(TurnEventKind.Finished, events[^1].Kind);
    }

    private static async Task AssertOutOfRangeAsync(SessionOwner session, int offset)
    {
        var failure = await Assert.ThrowsAsync<OrleansLMException>(() => session.ResumeAsync(offset));
        Assert.Equal((ErrorCode.OutOfRange, "from_offset"), (failure.Code, failure.Field));
    }
}
