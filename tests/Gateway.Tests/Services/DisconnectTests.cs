using Grpc.Core;
using OrleansLM.Contracts.V1;
using OrleansLM.Gateway.Tests.Serving;

namespace OrleansLM.Gateway.Tests.Services;

/// <summary>Clients that leave, run out of time, or do not read.</summary>
[Collection(ServerCollection.Name)]
public sealed class DisconnectTests(SharedServer shared)
{
    private LiveServer Server => shared.Live;

    [Fact]
    public async Task A_turn_goes_on_without_its_client()
    {
        var session = await Server.OpenAsync();
        var turn = await HangUpAsync(Request(session, 200, DisconnectPolicy.Unspecified));
        using var call = Server.Sessions.Resume(new ResumeRequest { SessionId = session.SessionId, TurnId = turn.TurnId });
        var rest = await ReceivedTurn.ReadAsync(call);
        Assert.Equal((FinishReason.Length, 200), (rest.Finished!.Reason, rest.Ids.Length));
        Assert.Equal(turn.Tokens, rest.Tokens.Take(turn.Tokens.Count));
    }

    [Fact]
    public async Task A_turn_ends_with_its_client_when_it_was_asked_to()
    {
        var session = await Server.OpenAsync();
        var turn = await HangUpAsync(Request(session, 20_000, DisconnectPolicy.Cancel));
        using var call = Server.Sessions.Resume(new ResumeRequest { SessionId = session.SessionId, TurnId = turn.TurnId });
        var rest = await ReceivedTurn.ReadAsync(call);
        Assert.Equal(FinishReason.Cancelled, rest.Finished!.Reason);
        Assert.Equal(turn.Ids, rest.Ids[..turn.Ids.Length]);
        Assert.Equal(rest.Ids, (await Server.HistoryAsync(session.SessionId))[turn.Started.PromptTokens..]);
    }

    [Fact]
    public async Task A_deadline_ends_the_call_and_not_the_turn()
    {
        var session = await Server.OpenAsync();
        using var call = Server.Sessions.Generate(Request(session, 7000, DisconnectPolicy.Continue), deadline: DateTime.UtcNow.AddSeconds(2));
        Assert.Equal(StatusCode.DeadlineExceeded, (await Failure.OfAsync(call)).Code);
        var after = await Server.Sessions.GetAsync(new GetSessionRequest { SessionId = session.SessionId });
        Assert.NotEqual("", after.ActiveTurnId);
        await Server.Sessions.DeleteAsync(new DeleteSessionRequest { SessionId = session.SessionId });
    }

    /// <summary>With all alternatives an event takes some 500 bytes: the stream's window (64 KiB until somebody reads) and the server's buffers are full long before the end.</summary>
    [Fact]
    public async Task A_client_that_does_not_read_holds_up_nobody()
    {
        var slow = await Server.OpenAsync();
        var request = Request(slow, 900, DisconnectPolicy.Continue);
        request.Sampling = new SamplingParameters { LogProbs = 20 };
        using var unread = Server.Sessions.Generate(request);
        Assert.True(await unread.ResponseStream.MoveNext(CancellationToken.None));
        var quick = await Server.GenerateAsync(Request(await Server.OpenAsync(), 30, DisconnectPolicy.Continue));
        Assert.Equal(30, quick.Ids.Length);
        var turn = new ReceivedTurn();
        turn.Events.Add(unread.ResponseStream.Current);
        await turn.ReadMoreAsync(unread, int.MaxValue);
        Assert.Equal(900, turn.Ids.Length);
    }

    private async Task<ReceivedTurn> HangUpAsync(GenerateRequest request)
    {
        using var call = Server.Sessions.Generate(request);
        return await ReceivedTurn.ReadAsync(call, tokens: 3);
    }

    private static GenerateRequest Request(Session session, int tokens, DisconnectPolicy policy) => new()
    {
        SessionId = session.SessionId,
        Input = new Input { Text = "The next morning" },
        Stop = new StopConditions { MaxTokens = tokens, IgnoreEos = true },
        OnDisconnect = policy,
    };
}
