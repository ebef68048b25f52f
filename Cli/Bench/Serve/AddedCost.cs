using System.Diagnostics;
using OrleansLM.Cli.Up;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Sampling;
using OrleansLM.Reporting;
using OrleansLM.Silo.Models;

namespace OrleansLM.Cli.Bench.Serve;

/// <summary>
/// What client, gateway and grains add to each token of one session: the same engine is driven directly and over gRPC in turn, pair by pair, so that a
/// machine whose speed drifts shifts both.
/// </summary>
internal static class AddedCost
{
    private const double GoalMicroseconds = 100;
    private const int PromptTokens = 64;

    public static async Task<IReadOnlyList<BenchRow>> MeasureAsync(Server server, LoadGenerator load, int outputTokens, int rounds, CancellationToken cancellationToken)
    {
        var engine = server.Services.GetRequiredService<ModelRegistry>().All[0].Engine;
        var bare = new List<double>();
        var served = new List<double>();
        var added = new List<double>();
        var processor = new List<double>();
        for (var round = 0; round < rounds; round++)
        {
            var began = Environment.CpuUsage.TotalTime;
            var one = await BareAsync(engine, outputTokens, round, cancellationToken);
            var between = Environment.CpuUsage.TotalTime;
            var other = (await load.RunAsync(new LoadShape(1, PromptTokens, outputTokens), seed: round, cancellationToken)).InterTokenLatency.Average();
            processor.Add(((Environment.CpuUsage.TotalTime - between) - (between - began)).TotalSeconds / outputTokens);
            bare.Add(one);
            served.Add(other);
            added.Add(other - one);
        }

        return
        [
            new BenchRow("serve/1/token_bare", LoadResult.Percentile(bare, 50) * 1e6, "us", Note: "one token of the engine alone, median of rounds"),
            new BenchRow("serve/1/token_served", LoadResult.Percentile(served, 50) * 1e6, "us", Note: "the same over gRPC, in the client"),
            BenchRow.Cost("serve/1/added_per_token", LoadResult.Percentile(added, 50) * 1e6, "us", GoalMicroseconds, $"median of {rounds} paired differences; {LoadResult.Percentile(added, 0) * 1e6:F0} to {LoadResult.Percentile(added, 100) * 1e6:F0}"),
            new BenchRow("serve/1/processor_per_token", LoadResult.Percentile(processor, 50) * 1e6, "us", Note: "processor time of all threads beyond the engine's own, the client's included"),
        ];
    }

    /// <returns>Seconds per token after the first.</returns>
    private static async Task<double> BareAsync(IInferenceEngine engine, int outputTokens, int seed, CancellationToken cancellationToken)
    {
        var random = new Random(seed);
        var prompt = Enumerable.Range(0, PromptTokens).Select(_ => random.Next(259, engine.Config.VocabularySize)).ToArray();
        await using var sequence = engine.CreateSequence([]);
        var turn = sequence.Submit(new TurnRequest { Tokens = prompt, Stop = new StopConditions { MaxNewTokens = outputTokens, IgnoreEos = true } });
        var (first, last, count) = (0L, 0L, 0);
        await foreach (var output in turn.Output.ReadAllAsync(cancellationToken))
        {
            if (output.Kind == TurnOutputKind.Token)
            {
                last = Stopwatch.GetTimestamp();
                first = first == 0 ? last : first;
                count++;
            }
        }

        return Stopwatch.GetElapsedTime(first, last).TotalSeconds / (count - 1);
    }
}
