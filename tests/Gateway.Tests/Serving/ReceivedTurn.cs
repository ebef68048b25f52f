using Grpc.Core;
using OrleansLM.Contracts.V1;

namespace OrleansLM.Gateway.Tests.Serving;

/// <summary>What a client has of a turn.</summary>
public sealed class ReceivedTurn
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(3);

    public List<TurnEvent> Events { get; } = [];

    public string TurnId => Events[0].TurnId;

    public TurnStarted Started => Events[0].Started;

    public TurnFinished? Finished => Events[^1].Finished;

    public IReadOnlyList<TurnEvent> Tokens => Events.FindAll(item => item.EventCase == TurnEvent.EventOneofCase.Token);

    public int[] Ids => [.. Tokens.Select(item => item.Token.TokenId)];

    public string Text => string.Concat(Tokens.Select(item => item.Token.Text)) + Finished?.Text;

    public static async Task<ReceivedTurn> ReadAsync(AsyncServerStreamingCall<TurnEvent> call, int tokens = int.MaxValue)
    {
        var turn = new ReceivedTurn();
        await turn.ReadMoreAsync(call, tokens).WaitAsync(s_patience);
        return turn;
    }

    /// <summary>Reads until there are so many tokens (0: until the turn is durable), or the turn is at its end.</summary>
    public async Task ReadMoreAsync(AsyncServerStreamingCall<TurnEvent> call, int tokens)
    {
        while ((Events.Count == 0 || Tokens.Count < tokens) && await call.ResponseStream.MoveNext(CancellationToken.None))
        {
            Events.Add(call.ResponseStream.Current);
        }
    }
}
