using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Messages;
using OrleansLM.Engine.Runtime;
using OrleansLM.Silo.Sessions;
using OrleansLM.Silo.Tests.Doubles;
using static OrleansLM.Silo.Tests.Doubles.SessionCalls;

namespace OrleansLM.Silo.Tests.Sessions;

public sealed class TurnTests
{
    private static readonly int[] s_prompt = [1, 500, 600];

    [Fact]
    public async Task A_stream_begins_with_the_start_and_ends_with_the_end()
    {
        await using var silo = await SiloHarness.StartAsync();
        var session = await silo.CreateAsync("a");
        var events = await session.RunAsync(Command(s_prompt, maxTokens: 8, seed: 7));
        Assert.Equal(TurnEventKind.Started, events[0].Kind);
        Assert.Equal((0, 3, 7UL, false), (events[0].Started!.StartPosition, events[0].Started!.PromptTokens, events[0].Started!.Seed, events[0].Started!.Resumed));
        Assert.Equal((TurnEventKind.PrefillProgress, 3, 3), (events[1].Kind, events[1].Computed, events[1].Total));
        Assert.Equal(FakeEngine.Generate(s_prompt, 7, 8), events.Ids());
        Assert.Equal(Enumerable.Range(3, 8), events.Offsets());
        var end = events[^1];
        Assert.Equal((TurnEventKind.Finished, 11, TurnFinishReason.Length), (end.Kind, end.Offset, end.Finished!.Reason));
        Assert.Equal((3, 3, 8, 11), (end.Finished.PromptTokens, end.Finished.PrefilledTokens, end.Finished.GeneratedTokens, end.Finished.SessionLength));
        Assert.Single(events, item => item.Kind == TurnEventKind.Finished);
        Assert.All(events, item => Assert.Equal(events[0].TurnId, item.TurnId));
    }

    [Fact]
    public async Task The_text_of_the_stream_is_the_text_of_its_tokens()
    {
        await using var silo = await SiloHarness.StartAsync();
        var session = await silo.CreateAsync("a");
        var events = await session.RunAsync(Command(s_prompt, maxTokens: 200));
        var history = await session.HistoryAsync(3, 0, CancellationToken.None);
        Assert.Equal(history.Text, events.Text());
        Assert.Equal(events.Ids(), history.TokenIds);
    }

    [Fact]
    public async Task Turns_follow_each_other_and_prefill_only_what_is_new()
    {
        await using var silo = await SiloHarness.StartAsync();
        var session = await silo.CreateAsync("a");
        var first = await session.RunAsync(Command(s_prompt));
        var second = await session.RunAsync(Command([700], seed: 2));
        Assert.Equal(FakeEngine.Generate([.. s_prompt, .. first.Ids(), 700], 2, 8), second.Ids());
        Assert.Equal(1, second[^1].Finished!.PrefilledTokens);
        var info = await session.InfoAsync();
        Assert.Equal((20, null, second[0].TurnId), (info.Length, info.ActiveTurnId, info.LastTurnId));
        Assert.Equal(20, info.ComputedLength);
    }

    [Fact]
    public async Task Text_begins_with_BOS_in_an_empty_session_only()
    {
        await using var silo = await SiloHarness.StartAsync();
        var session = await silo.CreateAsync("a");
        await session.RunAsync(new TurnCommand { Input = new ModelInput { Text = "Hello" }, AppendOnly = true });
        await session.RunAsync(new TurnCommand { Input = new ModelInput { Text = "Hello" }, AppendOnly = true });
        var tokens = await session.TokensAsync();
        Assert.Equal(silo.Engine.Tokenizer.Encode("Hello", addBos: true).Concat(silo.Engine.Tokenizer.Encode("Hello", addBos: false)), tokens);
    }

    [Fact]
    public async Task An_append_generates_nothing()
    {
        await using var silo = await SiloHarness.StartAsync();
        var session = await silo.CreateAsync("a");
        var events = await session.RunAsync(Append(1, 2, 3));
        Assert.Empty(events.Ids());
        Assert.Equal((TurnFinishReason.Length, 3), (events[^1].Finished!.Reason, events[^1].Finished!.SessionLength));
        Assert.Equal([1, 2, 3], (IEnumerable<int>)await session.TokensAsync());
    }

    [Fact]
    public async Task A_seed_that_is_not_given_is_picked_and_reported()
    {
        await using var silo = await SiloHarness.StartAsync();
        var session = await silo.CreateAsync("a");
        var command = Command(s_prompt) with { Sampling = new SamplingSettings() };
        var first = await session.RunAsync(command);
        var other = await (await silo.CreateAsync("b")).RunAsync(command);
        Assert.NotEqual(first[0].Started!.Seed, other[0].Started!.Seed);
        Assert.Equal(FakeEngine.Generate(s_prompt, first[0].Started!.Seed, 8), first.Ids());
    }

    [Fact]
    public async Task A_turn_takes_what_it_leaves_open_from_the_session()
    {
        await using var silo = await SiloHarness.StartAsync();
        var session = await silo.CreateAsync("a", new CreateSession
        {
            SamplingDefaults = new SamplingSettings { Seed = 5, LogProbs = 1 },
            StopDefaults = new StopSettings { MaxTokens = 3 },
        });
        var events = await session.RunAsync(new TurnCommand { Input = new ModelInput { TokenIds = s_prompt } });
        Assert.Equal(FakeEngine.Generate(s_prompt, 5, 3), events.Ids());
        Assert.All(events.Where(item => item.Kind == TurnEventKind.Token), item => Assert.Equal(item.TokenId, Assert.Single(item.Top!).TokenId));
        var given = await session.RunAsync(Command([9], maxTokens: 4, seed: 6));
        Assert.Equal(4, given.Ids().Length);
    }

    [Fact]
    public async Task Without_a_maximum_the_default_or_what_the_context_leaves_is_generated()
    {
        await using var silo = await SiloHarness.StartAsync(new FakeEngine(contextTokens: 40), new SessionOptions { DefaultMaxTokens = 30 });
        var session = await silo.CreateAsync("a");
        var command = Command(s_prompt) with { Stop = new StopSettings() };
        Assert.Equal(30, (await session.RunAsync(command)).Ids().Length);
        Assert.Equal(4, (await session.RunAsync(command)).Ids().Length);
        var failure = await Assert.ThrowsAsync<OrleansLMException>(() => session.RunAsync(command));
        Assert.Equal((ErrorCode.FailedPrecondition, "CONTEXT_FULL"), (failure.Code, failure.Reason));
    }

    [Fact]
    public async Task Log_probabilities_of_the_prompt_come_before_the_tokens()
    {
        await using var silo = await SiloHarness.StartAsync();
        var session = await silo.CreateAsync("a");
        var events = await session.RunAsync(Command(s_prompt) with { PromptLogProbs = 0 });
        var scored = events.Where(item => item.Kind == TurnEventKind.PromptLogProb).ToList();
        Assert.Equal([1, 2], scored.Select(item => item.Offset));
        Assert.Equal([500, 600], scored.Select(item => item.TokenId));
        Assert.True(events.FindIndex(item => item.Kind == TurnEventKind.Token) > events.IndexOf(scored[^1]));
    }

    [Fact]
    public async Task A_stop_string_ends_the_turn_and_is_not_delivered()
    {
        await using var silo = await SiloHarness.StartAsync();
        var free = (await (await silo.CreateAsync("a")).RunAsync(Command(s_prompt, maxTokens: 60))).Text();
        var stop = free.Substring(free.Length / 2, 5);
        var events = await (await silo.CreateAsync("b")).RunAsync(Command(s_prompt, maxTokens: 60) with { Stop = new StopSettings { MaxTokens = 60, Stop = [stop] } });
        Assert.Equal(TurnFinishReason.Stop, events[^1].Finished!.Reason);
        Assert.Equal(free[..free.IndexOf(stop, StringComparison.Ordinal)], events.Text());
    }

    [Theory]
    [InlineData(0, EngineError.Internal, ErrorCode.Internal)]
    [InlineData(5, EngineError.Internal, ErrorCode.Internal)]
    [InlineData(0, EngineError.ResourceExhausted, ErrorCode.ResourceExhausted)]
    public async Task A_failed_turn_leaves_no_trace(int atToken, EngineError error, ErrorCode code)
    {
        await using var silo = await SiloHarness.StartAsync();
        var session = await silo.CreateAsync("a");
        var first = await session.RunAsync(Command(s_prompt));
        var before = await session.InfoAsync();
        silo.Engine.Fault = (atToken, new EngineException(error, "fault"));
        var failure = await Assert.ThrowsAsync<OrleansLMException>(() => session.RunAsync(Command([700], key: "k")));
        Assert.Equal(code, failure.Code);
        Assert.Equivalent(before with { UpdateTime = default }, (await session.InfoAsync()) with { UpdateTime = default });

        await using var reborn = await silo.KilledAsync();
        var stored = (await reborn.Log.OpenSessionAsync("a"))!;
        Assert.Equal((11, null), (stored.Session.Length, stored.Session.ActiveTurnId));
        Assert.Single(stored.Turns);

        silo.Engine.Fault = null;
        var again = await session.RunAsync(Command([700], key: "k"));
        Assert.Equal(FakeEngine.Generate([.. s_prompt, .. first.Ids(), 700], 1, 8), again.Ids());
    }

    [Fact]
    public async Task A_refused_turn_is_not_even_begun()
    {
        await using var silo = await SiloHarness.StartAsync();
        var session = await silo.CreateAsync("a");
        silo.Engine.Refusal = new EngineException(EngineError.ResourceExhausted, "full") { RetryAfter = TimeSpan.FromSeconds(2) };
        var failure = await Assert.ThrowsAsync<OrleansLMException>(() => session.RunAsync(Command(s_prompt)));
        Assert.Equal((ErrorCode.ResourceExhausted, TimeSpan.FromSeconds(2)), (failure.Code, failure.RetryAfter));
        Assert.Null((await session.InfoAsync()).LastTurnId);
        silo.Engine.Refusal = null;
        Assert.Equal(8, (await session.RunAsync(Command(s_prompt))).Ids().Length);
    }

    [Fact]
    public async Task Memory_that_runs_out_after_tokens_were_delivered_interrupts_the_turn()
    {
        await using var silo = await SiloHarness.StartAsync();
        var session = await silo.CreateAsync("a");
        silo.Engine.Fault = (5, new EngineException(EngineError.ResourceExhausted, "full") { RetryAfter = TimeSpan.FromSeconds(2) });
        var reader = await session.StartAsync(Command(s_prompt));
        var seen = await reader.TakeTokensAsync(5);
        var failure = await Assert.ThrowsAsync<OrleansLMException>(reader.AllAsync);
        Assert.Equal((ErrorCode.ResourceExhausted, reader.TurnId), (failure.Code, failure.TurnId));
        Assert.Equal(reader.TurnId, (await session.InfoAsync()).ActiveTurnId);
        silo.Engine.Fault = null;
        var rest = await session.ResumeAsync(3 + 5);
        Assert.Equal(FakeEngine.Generate(s_prompt, 1, 8), seen.Ids().Concat(rest.Ids()));
    }

    [Fact]
    public async Task Cancelling_keeps_what_was_generated()
    {
        await using var silo = await SiloHarness.StartAsync(new FakeEngine(isPaced: true));
        var session = await silo.CreateAsync("a");
        var reader = await session.StartAsync(Command(s_prompt, maxTokens: 100));
        silo.Engine.Allow(4);
        var seen = await reader.TakeTokensAsync(4);
        Assert.False(await session.CancelAsync("other", CancellationToken.None));
        Assert.True(await session.CancelAsync(reader.TurnId, CancellationToken.None));
        var all = await reader.AllAsync();
        Assert.Equal(TurnFinishReason.Cancelled, all[^1].Finished!.Reason);
        Assert.Equal(s_prompt.Concat(seen.Ids()), await session.TokensAsync());
        Assert.False(await session.CancelAsync(null, CancellationToken.None));
    }

    [Fact]
    public async Task Of_two_writers_the_second_is_told_of_the_first()
    {
        await using var silo = await SiloHarness.StartAsync(new FakeEngine(isPaced: true));
        var session = await silo.CreateAsync("a");
        var reader = await session.StartAsync(Command(s_prompt));
        foreach (var second in new Func<Task>[]
        {
            () => session.StartAsync(Command([9])),
            () => session.RollBackAsync(new RollbackSession { Position = 0 }, CancellationToken.None),
        })
        {
            var failure = await Assert.ThrowsAsync<OrleansLMException>(second);
            Assert.Equal((ErrorCode.Aborted, "TURN_IN_PROGRESS", reader.TurnId), (failure.Code, failure.Reason, failure.TurnId));
        }

        silo.Engine.Allow(8);
        Assert.Equal(FakeEngine.Generate(s_prompt, 1, 8), (await reader.AllAsync()).Ids());
    }

    [Fact]
    public async Task Many_starts_at_once_give_one_turn()
    {
        await using var silo = await SiloHarness.StartAsync(new FakeEngine(isPaced: true));
        var session = await silo.CreateAsync("a");
        var starts = Enumerable.Range(0, 20).Select(_ => Task.Run(() => session.StartAsync(Command(s_prompt)))).ToList();
        await Task.WhenAll(starts.Select(start => start.ContinueWith(_ => { }, TaskScheduler.Default)));
        Assert.Equal(1, starts.Count(start => start.IsCompletedSuccessfully));
        silo.Engine.Allow(8);
    }

    [Fact]
    public async Task A_reader_that_does_not_read_holds_nobody_back()
    {
        await using var silo = await SiloHarness.StartAsync();
        var session = await silo.CreateAsync("a");
        var slow = await session.StartAsync(Command(s_prompt, maxTokens: 500));
        var enumerator = slow.ReadAsync().GetAsyncEnumerator();
        await enumerator.MoveNextAsync();
        var quick = await session.ResumeAsync(0);
        Assert.Equal(500, quick.Ids().Length);
        var rest = new List<TurnEvent>();
        while (await enumerator.MoveNextAsync())
        {
            rest.Add(enumerator.Current);
        }

        Assert.Equal(quick.Ids(), rest.Ids());
        Assert.Equal(quick.Text(), rest.Text());
    }

    [Fact]
    public async Task A_turn_is_durable_before_its_first_event_and_its_end_before_the_last()
    {
        await using var silo = await SiloHarness.StartAsync(new FakeEngine(isPaced: true));
        var session = await silo.CreateAsync("a");
        var reader = await session.StartAsync(Command(s_prompt));
        await using (var reborn = await silo.KilledAsync())
        {
            Assert.Equal(reader.TurnId, (await reborn.Log.OpenSessionAsync("a"))!.Session.ActiveTurnId);
        }

        silo.Engine.Allow(8);
        await foreach (var item in reader.ReadAsync())
        {
            if (item.Kind == TurnEventKind.Finished)
            {
                await using var reborn = await silo.KilledAsync();
                var stored = (await reborn.Log.OpenSessionAsync("a"))!;
                Assert.Equal((11, null), (stored.Session.Length, stored.Session.ActiveTurnId));
                Assert.Equivalent(item.Finished, stored.Turns[0].End);
            }
        }
    }

    [Fact]
    public async Task After_the_last_event_the_next_turn_may_begin_at_once()
    {
        await using var silo = await SiloHarness.StartAsync();
        var session = await silo.CreateAsync("a");
        var length = 0;
        for (var i = 0; i < 50; i++)
        {
            var events = await session.RunAsync(Command([300 + i], maxTokens: 2));
            Assert.Equal(length, events[0].Started!.StartPosition);
            length = events[^1].Finished!.SessionLength;
        }

        Assert.Equal(150, length);
    }

    [Fact]
    public async Task A_session_at_rest_holds_one_sequence_and_a_deleted_one_none()
    {
        await using var silo = await SiloHarness.StartAsync();
        var session = await silo.CreateAsync("a");
        await session.RunAsync(Command(s_prompt));
        Assert.Equal(1, silo.Engine.LiveSequences);
        await session.DeleteAsync(CancellationToken.None);
        Assert.Equal(0, silo.Engine.LiveSequences);
        Assert.Equal(ErrorCode.NotFound, (await Assert.ThrowsAsync<OrleansLMException>(session.InfoAsync)).Code);
    }

    [Fact]
    public async Task Deleting_ends_the_running_turn()
    {
        await using var silo = await SiloHarness.StartAsync(new FakeEngine(isPaced: true));
        var session = await silo.CreateAsync("a");
        var reader = await session.StartAsync(Command(s_prompt));
        await session.DeleteAsync(CancellationToken.None);
        Assert.Equal(TurnFinishReason.Cancelled, (await reader.AllAsync())[^1].Finished!.Reason);
        Assert.Equal(0, silo.Log.SessionCount);
    }
}
