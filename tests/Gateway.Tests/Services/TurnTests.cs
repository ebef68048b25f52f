using Grpc.Core;
using OrleansLM.Contracts.V1;
using OrleansLM.Gateway.Tests.Serving;

namespace OrleansLM.Gateway.Tests.Services;

/// <summary>Turns through the socket.</summary>
[Collection(ServerCollection.Name)]
public sealed class TurnTests(SharedServer shared)
{
    private const string Prompt = "Fanny walked in the garden and";

    private LiveServer Server => shared.Live;

    [Fact]
    public async Task The_stream_tells_the_whole_turn()
    {
        var session = await Server.OpenAsync();
        var turn = await Server.GenerateAsync(Request(session, 12));
        var prompt = (await Server.Models.TokenizeAsync(new TokenizeRequest { Input = new Input { Text = Prompt }, AddBos = true })).Ids;
        var length = prompt.Count + 12;

        Assert.Equal((0L, prompt.Count, false), (turn.Started.StartPosition, turn.Started.PromptTokens, turn.Started.Resumed));
        Assert.Equal(Enumerable.Range(prompt.Count, 12).Select(offset => (long)offset), turn.Tokens.Select(item => item.Offset));
        Assert.All(turn.Events, item => Assert.Equal((session.SessionId, turn.TurnId), (item.SessionId, item.TurnId)));
        Assert.Equal(FinishReason.Length, turn.Finished!.Reason);
        Assert.Equal(
            new Usage { PromptTokens = prompt.Count, PrefilledTokens = prompt.Count, GeneratedTokens = 12, SessionLength = length },
            turn.Finished.Usage);
        var history = await Server.Sessions.GetHistoryAsync(new GetHistoryRequest { SessionId = session.SessionId });
        Assert.Equal([.. prompt, .. turn.Ids], history.TokenIds);
        Assert.EndsWith(turn.Text, history.Text, StringComparison.Ordinal);
        var after = await Server.Sessions.GetAsync(new GetSessionRequest { SessionId = session.SessionId });
        Assert.Equal((length, "", turn.TurnId), ((int)after.Length, after.ActiveTurnId, after.LastTurnId));
    }

    [Fact]
    public async Task An_append_only_prefills_and_the_next_turn_goes_on()
    {
        var once = await Server.GenerateAsync(Request(await Server.OpenAsync(), 8));
        var opened = await Server.OpenAsync(Prompt);
        var turn = await Server.GenerateAsync(new GenerateRequest { SessionId = opened.SessionId, Stop = new StopConditions { MaxTokens = 8, IgnoreEos = true } });
        Assert.Equal(once.Ids, turn.Ids);
        Assert.Equal(0, turn.Started.PromptTokens);
    }

    [Fact]
    public async Task Equal_seeds_give_equal_tokens_and_a_picked_seed_is_told()
    {
        var first = await Server.GenerateAsync(Sampled(await Server.OpenAsync(), seed: null));
        var second = await Server.GenerateAsync(Sampled(await Server.OpenAsync(), first.Started.Seed));
        var other = await Server.GenerateAsync(Sampled(await Server.OpenAsync(), first.Started.Seed + 1));
        Assert.Equal(first.Ids, second.Ids);
        Assert.NotEqual(first.Ids, other.Ids);
    }

    [Fact]
    public async Task Log_probs_come_best_first_and_greedy_takes_the_first()
    {
        var request = Request(await Server.OpenAsync(), 5);
        request.Sampling = new SamplingParameters { LogProbs = 3 };
        request.PromptLogProbs = 2;
        var turn = await Server.GenerateAsync(request);
        Assert.All(turn.Tokens, item =>
        {
            Assert.Equal(3, item.Token.Top.Count);
            Assert.Equal((item.Token.TokenId, item.Token.LogProb), (item.Token.Top[0].TokenId, item.Token.Top[0].LogProb));
            Assert.True(item.Token.Top[0].LogProb >= item.Token.Top[1].LogProb && item.Token.Top[1].LogProb >= item.Token.Top[2].LogProb);
            Assert.InRange(item.Token.LogProb, -20f, 0f);
        });
        var prompt = turn.Events.FindAll(item => item.EventCase == TurnEvent.EventOneofCase.PromptLogProb);
        Assert.Equal(turn.Started.PromptTokens - 1, prompt.Count);
        Assert.All(prompt, item => Assert.Equal(2, item.PromptLogProb.Top.Count));
    }

    [Fact]
    public async Task A_stop_text_ends_the_turn_and_is_not_delivered()
    {
        var free = await Server.GenerateAsync(Request(await Server.OpenAsync(), 30));
        var text = free.Text;
        var stop = text.Substring(text.Length / 2, 5);
        var request = Request(await Server.OpenAsync(), 30);
        request.Stop.Stop.Add(stop);
        var turn = await Server.GenerateAsync(request);
        Assert.Equal(FinishReason.Stop, turn.Finished!.Reason);
        Assert.Equal(text[..text.IndexOf(stop, StringComparison.Ordinal)], turn.Text);
        Assert.Equal(free.Ids[..turn.Ids.Length], turn.Ids);
    }

    [Fact]
    public async Task A_stop_id_ends_the_turn_and_is_part_of_it()
    {
        var free = await Server.GenerateAsync(Request(await Server.OpenAsync(), 20));
        var request = Request(await Server.OpenAsync(), 20);
        request.Stop.StopTokenIds.Add(free.Ids[7]);
        var turn = await Server.GenerateAsync(request);
        Assert.Equal(FinishReason.Stop, turn.Finished!.Reason);
        Assert.Equal(free.Ids[..(Array.IndexOf(free.Ids, free.Ids[7]) + 1)], turn.Ids);
    }

    [Fact]
    public async Task A_second_writer_is_told_which_turn_runs()
    {
        var session = await Server.OpenAsync();
        using var call = Server.Sessions.Generate(Request(session, 2000));
        var first = await ReceivedTurn.ReadAsync(call, tokens: 1);
        var failure = await Failure.OfAsync(Server.Sessions.Generate(Request(session, 2)));
        Assert.Equal(StatusCode.Aborted, failure.Code);
        Assert.Equal(("TURN_IN_PROGRESS", first.TurnId), (failure.Info!.Reason, failure.Info.Metadata["turn_id"]));
        var rollback = await Failure.OfAsync(Server.Sessions.RollbackAsync(new RollbackRequest { SessionId = session.SessionId, Position = 0 }));
        Assert.Equal((StatusCode.Aborted, first.TurnId), (rollback.Code, rollback.Info!.Metadata["turn_id"]));
        Assert.True((await Server.Sessions.CancelAsync(new CancelRequest { SessionId = session.SessionId, TurnId = first.TurnId })).Cancelled);
        await first.ReadMoreAsync(call, int.MaxValue);
        Assert.Equal(FinishReason.Cancelled, first.Finished!.Reason);
        Assert.Equal(first.Ids, (await Server.HistoryAsync(session.SessionId))[first.Started.PromptTokens..]);
        Assert.False((await Server.Sessions.CancelAsync(new CancelRequest { SessionId = session.SessionId })).Cancelled);
    }

    [Fact]
    public async Task A_key_joins_its_turn_and_belongs_to_one_request()
    {
        var session = await Server.OpenAsync();
        var request = Request(session, 10);
        request.IdempotencyKey = "k1";
        var first = await Server.GenerateAsync(request);
        var again = await Server.GenerateAsync(request);
        Assert.Equal((first.TurnId, true), (again.TurnId, again.Started.Resumed));
        Assert.Equal(first.Tokens, again.Tokens);
        var other = Request(session, 11);
        other.IdempotencyKey = "k1";
        var failure = await Failure.OfAsync(Server.Sessions.Generate(other));
        Assert.Equal((StatusCode.InvalidArgument, "idempotency_key"), (failure.Code, Assert.Single(failure.Fields)));
        Assert.Equal(first.Started.PromptTokens + 10, (await Server.Sessions.GetAsync(new GetSessionRequest { SessionId = session.SessionId })).Length);
    }

    [Fact]
    public async Task Resume_gives_the_rest_from_any_offset()
    {
        var session = await Server.OpenAsync();
        var turn = await Server.GenerateAsync(Request(session, 10));
        foreach (var skip in new[] { 0, 1, 9, 10 })
        {
            using var call = Server.Sessions.Resume(new ResumeRequest { SessionId = session.SessionId, FromOffset = turn.Tokens[0].Offset + skip });
            var rest = await ReceivedTurn.ReadAsync(call);
            Assert.Equal(turn.Tokens.Skip(skip), rest.Tokens);
            Assert.Equal(turn.Finished, rest.Finished);
        }
    }

    private static GenerateRequest Request(Session session, int tokens) => new()
    {
        SessionId = session.SessionId,
        Input = new Input { Text = Prompt },
        Stop = new StopConditions { MaxTokens = tokens, IgnoreEos = true },
    };

    private static GenerateRequest Sampled(Session session, ulong? seed)
    {
        var request = Request(session, 24);
        request.Sampling = new SamplingParameters { Temperature = 1.2f };
        if (seed is { } given)
        {
            request.Sampling.Seed = given;
        }

        return request;
    }
}
