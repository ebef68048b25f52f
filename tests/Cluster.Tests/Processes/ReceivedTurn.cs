using Grpc.Core;
using OrleansLM.Contracts.V1;

namespace OrleansLM.Cluster.Tests.Processes;

/// <summary>What a client has of a turn.</summary>
internal sealed class ReceivedTurn
{
    public List<ReceivedToken> Tokens { get; } = [];

    public string TurnId { get; private set; } = "";

    public TurnStarted? Started { get; private set; }

    public TurnFinished? Finished { get; private set; }

    /// <summary>One past the last token seen; where generation begins when there is none.</summary>
    public long NextOffset { get; private set; }

    public IEnumerable<int> Ids => Tokens.Select(token => token.Id);

    public string Text => string.Concat(Tokens.Select(token => token.Text)) + Finished?.Text;

    /// <summary>Reads to the end of the turn.</summary>
    public static async Task<ReceivedTurn> ReadAsync(AsyncServerStreamingCall<TurnEvent> call)
    {
        var turn = new ReceivedTurn();
        await turn.ReadAsync(call, int.MaxValue);
        return turn;
    }

    /// <summary>Reads until there are so many tokens, or the turn is at its end. With 0 tokens: until the turn is durable.</summary>
    public async Task ReadAsync(AsyncServerStreamingCall<TurnEvent> call, int tokens)
    {
        while (!(Started is not null && Tokens.Count >= tokens) && await call.ResponseStream.MoveNext(CancellationToken.None))
        {
            Take(call.ResponseStream.Current);
        }
    }

    public void Take(TurnEvent item)
    {
        TurnId = item.TurnId;
        switch (item.EventCase)
        {
            case TurnEvent.EventOneofCase.Started:
                Started = item.Started;
                NextOffset = Math.Max(NextOffset, item.Started.StartPosition + item.Started.PromptTokens);
                break;
            case TurnEvent.EventOneofCase.Token:
                Tokens.Add(new ReceivedToken(item.Offset, item.Token.TokenId, item.Token.Text, LogProbsOf(item.Token)));
                NextOffset = item.Offset + 1;
                break;
            case TurnEvent.EventOneofCase.Finished:
                Finished = item.Finished;
                break;
            default:
                break;
        }
    }

    private static string LogProbsOf(GeneratedToken token) => token.HasLogProb
        ? $"{token.LogProb:R} of {string.Join(' ', token.Top.Select(other => $"{other.TokenId}:{other.LogProb:R}"))}"
        : "";
}
