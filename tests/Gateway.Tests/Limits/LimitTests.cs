using Grpc.Core;
using OrleansLM.Contracts.V1;
using OrleansLM.Engine.Runtime;
using OrleansLM.Gateway.Tests.Serving;

namespace OrleansLM.Gateway.Tests.Limits;

/// <summary>Promise 5: what does not fit is refused, with the moment to try again, and the others go on.</summary>
public sealed class LimitTests
{
    [Fact]
    public async Task One_stream_or_session_too_many_is_refused()
    {
        await using var server = await LiveServer.StartAsync(null, "Gateway:MaxConcurrentStreams=1", "Sessions:MaxOpenSessions=2");
        var first = await server.OpenAsync();
        var second = await server.OpenAsync();
        Assert.Equal(StatusCode.ResourceExhausted, (await Failure.OfAsync(server.Sessions.CreateAsync(new CreateSessionRequest()))).Code);

        using var call = server.Sessions.Generate(Request(first, "Fanny", 3000));
        var turn = await ReceivedTurn.ReadAsync(call, tokens: 1);
        var failure = await Failure.OfAsync(server.Sessions.Generate(Request(second, "Edmund", 2)));
        Assert.Equal((StatusCode.ResourceExhausted, "TOO_MANY_STREAMS"), (failure.Code, failure.Info!.Reason));
        Assert.True(failure.Retry!.RetryDelay.ToTimeSpan() > TimeSpan.Zero);
        Assert.Equal(0, (await server.Sessions.GetAsync(new GetSessionRequest { SessionId = second.SessionId })).Length);
        await server.Sessions.CancelAsync(new CancelRequest { SessionId = first.SessionId });
        await turn.ReadMoreAsync(call, int.MaxValue);
        Assert.Equal(2, (await server.GenerateAsync(Request(second, "Edmund", 2))).Ids.Length);
    }

    [Fact]
    public async Task A_full_page_pool_refuses_with_a_retry_hint_and_lets_the_others_go_on()
    {
        // 2048 tokens of keys and values.
        await using var server = await LiveServer.StartAsync(new EngineOptions { StateBytes = 16 << 20, AdmissionTimeout = TimeSpan.FromMilliseconds(200) });
        var running = await server.OpenAsync();
        using var call = server.Sessions.Generate(Ids(running, 1000, 900));
        var turn = await ReceivedTurn.ReadAsync(call, tokens: 1);
        var waiting = await server.OpenAsync();
        var failure = await Failure.OfAsync(server.Sessions.Generate(Ids(waiting, 1400, 100)));
        Assert.Equal(StatusCode.ResourceExhausted, failure.Code);
        Assert.True(failure.Retry!.RetryDelay.ToTimeSpan() > TimeSpan.Zero);

        var never = await Failure.OfAsync(server.Sessions.Generate(Ids(waiting, 3000, 2)));
        Assert.Equal(StatusCode.ResourceExhausted, never.Code);
        Assert.Null(never.Retry);

        await turn.ReadMoreAsync(call, int.MaxValue);
        Assert.Equal(900, turn.Ids.Length);
        Assert.Equal(0, (await server.Sessions.GetAsync(new GetSessionRequest { SessionId = waiting.SessionId })).Length);
        Assert.Equal(100, (await server.GenerateAsync(Ids(waiting, 1400, 100))).Ids.Length);
    }

    private static GenerateRequest Request(Session session, string text, int tokens) => new()
    {
        SessionId = session.SessionId,
        Input = new Input { Text = text },
        Stop = new StopConditions { MaxTokens = tokens, IgnoreEos = true },
    };

    private static GenerateRequest Ids(Session session, int prompt, int tokens) => new()
    {
        SessionId = session.SessionId,
        Input = new Input { Tokens = new TokenIds { Ids = { Enumerable.Range(0, prompt).Select(i => 300 + (i * 7 % 3000)) } } },
        Stop = new StopConditions { MaxTokens = tokens, IgnoreEos = true },
    };
}
