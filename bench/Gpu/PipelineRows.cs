using System.Diagnostics;
using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Runtime.Stages;
using OrleansLM.Engine.Text;
using OrleansLM.Engine.Weights;
using OrleansLM.Reporting;

namespace OrleansLM.Gpu;

/// <summary>
/// Whole engines on one device, on several in one process, and on two in two processes: one sequence, a long prompt, and a busy batch of 64 sequences for each stage, from scheduler to
/// sampled ids. What a pipeline loses against so many times one device is its bubble: stages that wait for each other, and the head, which only the last one has.
/// </summary>
internal static class PipelineRows
{
    private const int SequencesPerStage = 64;
    private const int PromptTokens = 512;
    private const int NewTokens = 96;
    /// <summary>The longest leaves room for what is generated.</summary>
    private static readonly int[] LongTokens = [32768, 131000];
    private static readonly int[] DeviceCounts = [1, 2, 4];

    /// <summary>One row stands for all of its engine.</summary>
    private static readonly string[] Groups = ["pipeline/busy/2-devices", "pipeline/busy/2-processes"];

    public static async Task MeasureAsync(GpuSession session)
    {
        var tokenizer = session.Options.Tokenizer;
        if (session.Options.Devices.Count == 1 || !Groups.Any(session.Wants) || !session.HasFolder("pipeline", tokenizer))
        {
            return;
        }

        var folder = session.EngineFolder;
        var one = new Result();
        foreach (var count in DeviceCounts.Where(count => count <= session.Options.Devices.Count))
        {
            var options = Options(session, [.. session.Options.Devices.Take(count)]);
            await using var engine = InferenceEngine.Load(Checkpoint.Open(folder), ModelTokenizers.Open(tokenizer), options, TimeProvider.System);
            var result = await MeasureAsync(engine, count).ConfigureAwait(false);
            one = count == 1 ? result : one;
            Report(session, $"{count}-devices", count, one, result);
        }

        if (session.Wants("pipeline/busy/2-processes"))
        {
            await AcrossAsync(session, folder, tokenizer, one).ConfigureAwait(false);
        }
    }

    private static EngineOptions Options(GpuSession session, int[] devices) => new()
    {
        Backend = "cuda",
        Devices = devices,
        MaxRunningTurns = SequencesPerStage * Math.Max(2, devices.Length),
        OutputBuffer = 1024,
        PrefixCaching = false,
        StateBytes = StateBytes,
        MaxStepTokens = session.Options.StepTokens,
    };

    /// <summary>For the sequences of four stages, or one long prompt.</summary>
    private static long StateBytes => 2L * 1024 * 2 * 32 * 4 * SequencesPerStage * (PromptTokens + NewTokens + 64);

    private static async Task AcrossAsync(GpuSession session, string folder, string tokenizer, Result one)
    {
        var devices = session.Options.Devices;
        using var stage = StageChild.Start(folder, devices[1]);
        using var checkpoint = Checkpoint.Open(folder);
        var layers = LayerRange.Split(checkpoint.Config.LayerCount, 2);
        var remote = new RemoteStages
        {
            ClusterId = StageChild.Cluster,
            Pipeline = "bench",
            Layers = layers,
            Route = new FixedStageRoute([new StageHop(layers[1], stage.Address)]),
            Link = StageChild.Link,
        };
        await using var engine = InferenceEngine.Load(
            Checkpoint.Open(folder), ModelTokenizers.Open(tokenizer), Options(session, [devices[0]]), TimeProvider.System, remote: remote);
        Report(session, "2-processes", 2, one, await MeasureAsync(engine, 2).ConfigureAwait(false));
    }

    private static async Task<Result> MeasureAsync(InferenceEngine engine, int stages)
    {
        // Kernels are compiled, steps recorded and memory grown before anything is timed.
        await DecodeAsync(engine, 4096, 24).ConfigureAwait(false);
        await BusyAsync(engine, SequencesPerStage * stages, 24).ConfigureAwait(false);
        var single = await DecodeAsync(engine, 1024, 200).ConfigureAwait(false);
        var prefills = new List<(double FirstSeconds, double Rate, int[] Ids)>();
        foreach (var tokens in LongTokens)
        {
            prefills.Add(await DecodeAsync(engine, tokens, 2).ConfigureAwait(false));
        }

        var busy = await BusyAsync(engine, SequencesPerStage * stages, NewTokens).ConfigureAwait(false);
        return new Result { Single = single.Rate, Prefill = [.. prefills.Select(prefill => prefill.FirstSeconds)], Busy = busy, Ids = [.. single.Ids, .. prefills.SelectMany(prefill => prefill.Ids)] };
    }

    private static void Report(GpuSession session, string name, int stages, Result one, Result result)
    {
        var sameIds = result.Ids.SequenceEqual(one.Ids) ? "ids of one device" : "OTHER IDS than one device";
        session.Add(new BenchRow($"pipeline/decode/1/{name}", result.Single, "tok/s", one.Single, result.Single / one.Single, $"one sequence at 1k; {sameIds}"));
        foreach (var (tokens, seconds, alone) in LongTokens.Zip(result.Prefill, one.Prefill))
        {
            session.Add(new BenchRow($"pipeline/prefill/{tokens}/{name}", seconds, "s", alone / stages, alone / stages / seconds, $"until the first token; {alone / seconds:F2}x one device"));
        }

        session.Add(new BenchRow(
            $"pipeline/busy/{name}", result.Busy, "tok/s", one.Busy * stages, result.Busy / (one.Busy * stages),
            $"{SequencesPerStage * stages} sequences, prompts of {PromptTokens}, {NewTokens} tokens each; {result.Busy / one.Busy:F2}x one device; bubble share {1 - result.Busy / (one.Busy * stages):P1}"));
    }

    /// <summary>One sequence: seconds to its first token, tokens a second from the second to the last, and the ids.</summary>
    private static async Task<(double FirstSeconds, double Rate, int[] Ids)> DecodeAsync(InferenceEngine engine, int prompt, int tokens)
    {
        await using var sequence = engine.CreateSequence([]);
        var (began, first) = (Stopwatch.GetTimestamp(), 0L);
        var (ids, firstSeconds) = (new List<int>(tokens), 0.0);
        await foreach (var output in sequence.Submit(new EngineLoad(1, prompt, tokens).Request(prompt)).Output.ReadAllAsync().ConfigureAwait(false))
        {
            if (output.Kind != TurnOutputKind.Token)
            {
                continue;
            }

            ids.Add(output.Token.TokenId);
            if (ids.Count == 1)
            {
                (first, firstSeconds) = (Stopwatch.GetTimestamp(), Stopwatch.GetElapsedTime(began).TotalSeconds);
            }
        }

        return (firstSeconds, (tokens - 1) / Stopwatch.GetElapsedTime(first).TotalSeconds, [.. ids]);
    }

    private static Task<double> BusyAsync(InferenceEngine engine, int count, int tokens) => EngineMeter.RateAsync(engine, new EngineLoad(count, PromptTokens, tokens));

    private sealed record Result
    {
        public double Single { get; init; }

        /// <summary>Seconds.</summary>
        public double[] Prefill { get; init; } = [];

        public double Busy { get; init; }

        public int[] Ids { get; init; } = [];
    }
}
