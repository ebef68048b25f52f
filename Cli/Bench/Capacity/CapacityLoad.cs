using System.Diagnostics;
using OrleansLM.Contracts.V1;

namespace OrleansLM.Cli.Bench.Capacity;

/// <summary>Sessions as clients make them.</summary>
internal sealed class CapacityLoad(Sessions.SessionsClient sessions)
{
    /// <summary>Makes sessions that answer with one token and lie idle then; returns the milliseconds that each took, in order.</summary>
    public async Task<IReadOnlyList<double>> IdleAsync(string name, int count, int clients, CancellationToken cancellationToken)
    {
        var taken = new double[count];
        await Parallel.ForEachAsync(
            Enumerable.Range(0, count),
            new ParallelOptions { MaxDegreeOfParallelism = clients, CancellationToken = cancellationToken },
            async (i, stop) =>
            {
                var began = Stopwatch.GetTimestamp();
                await ActiveAsync($"{name}-{i}", 1, stop);
                taken[i] = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            });
        return taken;
    }

    public async Task ActiveAsync(string session, int tokens, CancellationToken cancellationToken)
    {
        await sessions.CreateAsync(new CreateSessionRequest { SessionId = session }, cancellationToken: cancellationToken);
        var request = new GenerateRequest
        {
            SessionId = session,
            Input = new Input { Text = $"{session}: it was a fine morning" },
            Stop = new StopConditions { MaxTokens = tokens, IgnoreEos = true },
        };
        using var call = sessions.Generate(request, cancellationToken: cancellationToken);
        while (await call.ResponseStream.MoveNext(cancellationToken))
        {
            // Only the time counts.
        }
    }
}
