using System.Diagnostics;
using OrleansLM.Contracts.V1;

namespace OrleansLM.Cli.Bench.Serve;

/// <summary>Runs sessions side by side through the gRPC API, as clients would.</summary>
public sealed class LoadGenerator(Sessions.SessionsClient sessions, int vocabularySize)
{
    // Below this lie the special and byte pieces of SentencePiece vocabularies.
    private const int FirstOrdinaryId = 259;

    public async Task<LoadResult> RunAsync(LoadShape shape, int seed, CancellationToken cancellationToken)
    {
        var result = new LoadResult();
        var started = Stopwatch.GetTimestamp();
        var runs = Enumerable.Range(0, shape.Sessions).Select(index => RunOneAsync(shape, new Random(seed + index), result, cancellationToken)).ToArray();
        await Task.WhenAll(runs);
        result.Seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        return result;
    }

    private async Task RunOneAsync(LoadShape shape, Random random, LoadResult result, CancellationToken cancellationToken)
    {
        var session = await sessions.CreateAsync(new CreateSessionRequest(), cancellationToken: cancellationToken);
        var request = new GenerateRequest
        {
            SessionId = session.SessionId,
            Input = new Input { Tokens = new TokenIds() },
            Stop = new StopConditions { MaxTokens = shape.OutputTokens, IgnoreEos = true },
        };
        request.Input.Tokens.Ids.AddRange(Enumerable.Range(0, shape.PromptTokens).Select(_ => random.Next(Math.Min(FirstOrdinaryId, vocabularySize - 1), vocabularySize)));

        var gaps = new List<double>(shape.OutputTokens);
        var first = 0.0;
        var last = Stopwatch.GetTimestamp();
        using var call = sessions.Generate(request, cancellationToken: cancellationToken);
        while (await call.ResponseStream.MoveNext(cancellationToken))
        {
            if (call.ResponseStream.Current.EventCase != TurnEvent.EventOneofCase.Token)
            {
                continue;
            }

            var now = Stopwatch.GetTimestamp();
            var elapsed = Stopwatch.GetElapsedTime(last, now).TotalSeconds;
            last = now;
            if (first == 0.0)
            {
                first = elapsed;
            }
            else
            {
                gaps.Add(elapsed);
            }
        }

        lock (result)
        {
            result.TimeToFirstToken.Add(first);
            result.InterTokenLatency.AddRange(gaps);
            result.Tokens += gaps.Count + 1;
        }

        await sessions.DeleteAsync(new DeleteSessionRequest { SessionId = session.SessionId }, cancellationToken: cancellationToken);
    }
}
