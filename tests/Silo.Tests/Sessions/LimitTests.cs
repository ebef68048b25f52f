using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Messages;
using OrleansLM.Silo.Sessions;
using OrleansLM.Silo.Tests.Doubles;
using static OrleansLM.Silo.Tests.Doubles.SessionCalls;

namespace OrleansLM.Silo.Tests.Sessions;

/// <summary>Promise 6: bad input gets a precise error and changes nothing.</summary>
public sealed class LimitTests
{
    public static TheoryData<string, TurnCommand> BadTurns => new()
    {
        { "sampling.temperature", Sampled(new SamplingSettings { Temperature = -0.1f }) },
        { "sampling.temperature", Sampled(new SamplingSettings { Temperature = float.NaN }) },
        { "sampling.temperature", Sampled(new SamplingSettings { Temperature = float.PositiveInfinity }) },
        { "sampling.top_k", Sampled(new SamplingSettings { TopK = -1 }) },
        { "sampling.top_k", Sampled(new SamplingSettings { TopK = 1_000_000 }) },
        { "sampling.top_p", Sampled(new SamplingSettings { TopP = 0f }) },
        { "sampling.top_p", Sampled(new SamplingSettings { TopP = 1.01f }) },
        { "sampling.min_p", Sampled(new SamplingSettings { MinP = 2f }) },
        { "sampling.repetition_penalty", Sampled(new SamplingSettings { RepetitionPenalty = 0f }) },
        { "sampling.presence_penalty", Sampled(new SamplingSettings { PresencePenalty = 2.1f }) },
        { "sampling.frequency_penalty", Sampled(new SamplingSettings { FrequencyPenalty = -2.1f }) },
        { "sampling.log_probs", Sampled(new SamplingSettings { LogProbs = 21 }) },
        { "sampling.logit_bias[-1]", Sampled(new SamplingSettings { LogitBias = new Dictionary<int, float> { [-1] = 1 } }) },
        { "sampling.logit_bias[7]", Sampled(new SamplingSettings { LogitBias = new Dictionary<int, float> { [7] = 101 } }) },
        { "stop.max_tokens", Stopped(new StopSettings { MaxTokens = 0 }) },
        { "stop.stop[1]", Stopped(new StopSettings { Stop = ["a", ""] }) },
        { "stop.stop", Stopped(new StopSettings { Stop = [.. Enumerable.Repeat("a", 17)] }) },
        { "stop.stop_token_ids[0]", Stopped(new StopSettings { StopTokenIds = [32_000_000] }) },
        { "prompt_log_probs", Command([1]) with { PromptLogProbs = 21 } },
        { "input.tokens.ids[1]", Command([1, -5]) },
        { "input.tokens.ids[0]", Command([99_999_999]) },
        { "input", Command([.. Enumerable.Repeat(1, 101)]) },
        { "input", new TurnCommand { Input = new ModelInput { Text = new string('a', 1_000_000) } } },
        { "input", new TurnCommand { Input = new ModelInput { Text = "a", TokenIds = [1] } } },
        { "input", Command() },
        { "input", Append() },
        { "input.chat.messages[0].role", new TurnCommand { Input = new ModelInput { Messages = [new TextMessage { Role = "assistant", Content = "x" }], ChatTemplate = "llama-2" } } },
        { "idempotency_key", Command([1], key: new string('k', 129)) },
    };

    [Theory]
    [MemberData(nameof(BadTurns), DisableDiscoveryEnumeration = true)]
    public async Task A_bad_turn_is_refused_by_field_and_leaves_no_trace(string field, TurnCommand command)
    {
        await using var silo = await SiloHarness.StartAsync(options: new SessionOptions { MaxPromptTokens = 100 });
        var session = await silo.CreateAsync("a");
        var failure = await Assert.ThrowsAsync<OrleansLMException>(() => session.RunAsync(command));
        Assert.Equal((ErrorCode.InvalidArgument, field), (failure.Code, failure.Field));
        Assert.StartsWith(field, failure.Message, StringComparison.Ordinal);
        var info = await session.InfoAsync();
        Assert.Equal((0, null), (info.Length, info.LastTurnId));
    }

    public static TheoryData<string, CreateSession> BadSessions => new()
    {
        { "ttl", new CreateSession { TimeToLive = TimeSpan.FromMilliseconds(999) } },
        { "tenant", new CreateSession { Tenant = new string('t', 65) } },
        { "metadata", new CreateSession { Metadata = Enumerable.Range(0, 33).ToDictionary(i => $"k{i}", _ => "v") } },
        { "metadata[]", new CreateSession { Metadata = new Dictionary<string, string> { [""] = "v" } } },
        { "metadata[k]", new CreateSession { Metadata = new Dictionary<string, string> { ["k"] = new string('v', 513) } } },
        { "sampling_defaults.top_p", new CreateSession { SamplingDefaults = new SamplingSettings { TopP = 2 } } },
        { "stop_defaults.max_tokens", new CreateSession { StopDefaults = new StopSettings { MaxTokens = -1 } } },
    };

    [Theory]
    [MemberData(nameof(BadSessions), DisableDiscoveryEnumeration = true)]
    public async Task A_bad_session_is_refused_by_field(string field, CreateSession request)
    {
        await using var silo = await SiloHarness.StartAsync();
        var failure = await Assert.ThrowsAsync<OrleansLMException>(() => silo.CreateAsync("a", request));
        Assert.Equal((ErrorCode.InvalidArgument, field), (failure.Code, failure.Field));
        Assert.Equal(0, silo.Log.SessionCount);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a/b")]
    public async Task A_bad_id_is_refused(string id)
    {
        await using var silo = await SiloHarness.StartAsync();
        Assert.Equal("session_id", (await Assert.ThrowsAsync<OrleansLMException>(() => silo.CreateAsync(id))).Field);
    }

    [Fact]
    public async Task Unknown_models_are_named_with_those_that_are_loaded()
    {
        await using var silo = await SiloHarness.StartAsync();
        var failure = await Assert.ThrowsAsync<OrleansLMException>(() => silo.CreateAsync("a", new CreateSession { Model = "x" }));
        Assert.Equal((ErrorCode.NotFound, "model"), (failure.Code, failure.Field));
        Assert.Contains("fake", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sessions_and_checkpoints_are_limited()
    {
        await using var silo = await SiloHarness.StartAsync(options: new SessionOptions { MaxOpenSessions = 2, MaxCheckpoints = 1 });
        var session = await silo.CreateAsync("a");
        await silo.CreateAsync("b");
        Assert.Equal("TOO_MANY_SESSIONS", (await Assert.ThrowsAsync<OrleansLMException>(() => silo.CreateAsync("c"))).Reason);
        Assert.Equal("TOO_MANY_SESSIONS", (await Assert.ThrowsAsync<OrleansLMException>(() => session.ForkAsync(new ForkSession { NewSessionId = "c" }, CancellationToken.None))).Reason);
        await session.AddCheckpointAsync("one", null, CancellationToken.None);
        Assert.Equal("TOO_MANY_CHECKPOINTS", (await Assert.ThrowsAsync<OrleansLMException>(() => session.AddCheckpointAsync("two", null, CancellationToken.None))).Reason);
        Assert.Equal(ErrorCode.AlreadyExists, (await Assert.ThrowsAsync<OrleansLMException>(() => session.AddCheckpointAsync("one", null, CancellationToken.None))).Code);
    }

    [Fact]
    public async Task A_length_that_is_not_the_expected_one_is_refused()
    {
        await using var silo = await SiloHarness.StartAsync();
        var session = await silo.CreateAsync("a");
        await session.RunAsync(Command([1]) with { ExpectedLength = 0 });
        var failure = await Assert.ThrowsAsync<OrleansLMException>(() => session.RunAsync(Command([1]) with { ExpectedLength = 0 }));
        Assert.Equal((ErrorCode.FailedPrecondition, "expected_length"), (failure.Code, failure.Field));
    }

    [Fact]
    public async Task Messages_need_a_template()
    {
        await using var silo = await SiloHarness.StartAsync();
        var session = await silo.CreateAsync("a");
        var input = new ModelInput { Messages = [new TextMessage { Role = "user", Content = "x" }] };
        var failure = await Assert.ThrowsAsync<OrleansLMException>(() => session.RunAsync(new TurnCommand { Input = input }));
        Assert.Equal((ErrorCode.FailedPrecondition, "NO_CHAT_TEMPLATE"), (failure.Code, failure.Reason));
        await session.RunAsync(Command() with { Input = input with { ChatTemplate = "mistral-instruct" } });
    }

    [Fact]
    public async Task History_is_given_in_parts()
    {
        await using var silo = await SiloHarness.StartAsync(options: new SessionOptions { MaxHistoryTokens = 10 });
        var session = await silo.CreateAsync("a");
        await session.RunAsync(Command([1, 2, 3], maxTokens: 20));
        Assert.Equal("end", (await Assert.ThrowsAsync<OrleansLMException>(() => session.HistoryAsync(0, 0, CancellationToken.None))).Field);
        Assert.Equal(10, (await session.HistoryAsync(13, 0, CancellationToken.None)).TokenIds.Count);
        Assert.Equal(ErrorCode.OutOfRange, (await Assert.ThrowsAsync<OrleansLMException>(() => session.HistoryAsync(20, 24, CancellationToken.None))).Code);
    }

    private static TurnCommand Sampled(SamplingSettings sampling) => Command([1]) with { Sampling = sampling };

    private static TurnCommand Stopped(StopSettings stop) => Command([1]) with { Stop = stop };
}
