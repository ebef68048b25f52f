using System.Diagnostics;
using OrleansLM.Contracts.V1;

namespace OrleansLM.Cli.Bench.Move;

/// <summary>A turn over one stream, with the gap before every token.</summary>
internal sealed class MoveTurn
{
    public List<int> Ids { get; } = [];

    /// <summary>Milliseconds before token i, from the token or event before it.</summary>
    public List<double> GapsMs { get; } = [];

    /// <param name="sessions">A gateway's.</param>
    /// <param name="request">What to generate.</param>
    /// <param name="received">Called after every token; not waited for by the clock of the next gap.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<MoveTurn> RunAsync(Sessions.SessionsClient sessions, GenerateRequest request, Action<int> received, CancellationToken cancellationToken)
    {
        var turn = new MoveTurn();
        var last = Stopwatch.GetTimestamp();
        using var call = sessions.Generate(request, cancellationToken: cancellationToken);
        while (await call.ResponseStream.MoveNext(cancellationToken))
        {
            if (call.ResponseStream.Current is { EventCase: TurnEvent.EventOneofCase.Token } item)
            {
                turn.Ids.Add(item.Token.TokenId);
                turn.GapsMs.Add(Stopwatch.GetElapsedTime(last).TotalMilliseconds);
                received(turn.Ids.Count);
            }

            last = Stopwatch.GetTimestamp();
        }

        return turn;
    }
}
