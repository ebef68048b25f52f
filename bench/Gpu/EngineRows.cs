using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Text;
using OrleansLM.Engine.Weights;
using OrleansLM.Reporting;

namespace OrleansLM.Gpu;

/// <summary>A whole engine on one device, from scheduler to sampled ids: one session and busy batches, against the bytes that they move.</summary>
internal static class EngineRows
{
    private const string Upload = "upload/checkpoint";

    private static readonly EngineLoad[] Loads =
    [
        new(Sequences: 1, PromptTokens: 928, NewTokens: 192),
        new(Sequences: 16, PromptTokens: 4000, NewTokens: 192),
        new(Sequences: 64, PromptTokens: 4000, NewTokens: 192),
    ];

    public static async Task MeasureAsync(GpuSession session)
    {
        var loads = Loads.Where(load => session.Wants(Name(load))).ToArray();
        if ((loads.Length == 0 && !session.Wants(Upload)) || !session.HasFolder("engine", session.Options.Tokenizer))
        {
            return;
        }

        MeasureUpload(session);
        if (loads.Length > 0)
        {
            await MeasureAsync(session, loads).ConfigureAwait(false);
        }
    }

    /// <summary>From files that are in the system's cache: they were written just now, or read once before.</summary>
    private static void MeasureUpload(GpuSession session)
    {
        using var checkpoint = Checkpoint.Open(session.EngineFolder);
        using var backend = session.NewBackend();
        using var model = new LoadedModel(backend, checkpoint.Config, checkpoint.Weights, units: 64, maxRows: 64);
        session.Add(BenchRow.Of(Upload, model.UploadRate / 1e9, "GB/s", session.UploadRate / 1e9, model.UploadNote));
    }

    private static async Task MeasureAsync(GpuSession session, EngineLoad[] loads)
    {
        await using var engine = Load(session, loads.MaxBy(load => load.Sequences)!);
        foreach (var load in loads)
        {
            var rate = await EngineMeter.RateAsync(engine, load).ConfigureAwait(false);
            var context = load.PromptTokens + load.NewTokens / 2.0;
            var bytes = 2 * Shapes.Multiplied(engine.Config, head: true) + Shapes.StateBytesPerToken(engine.Config) * load.Sequences * context;
            session.Add(BenchRow.Of(
                Name(load), rate, "tok/s", load.Sequences * session.CopyRate / bytes,
                $"prompts of {load.PromptTokens}, {load.NewTokens} tokens each; {load.Sequences / rate * 1e3:F3} ms a step"));
        }
    }

    /// <summary>An engine with room for all sequences of a load, and somewhat more.</summary>
    private static InferenceEngine Load(GpuSession session, EngineLoad load)
    {
        var checkpoint = Checkpoint.Open(session.EngineFolder);
        var options = new EngineOptions
        {
            Backend = "cuda",
            Devices = [session.Options.Devices[0]],
            MaxRunningTurns = load.Sequences,
            MaxWaitingTurns = load.Sequences,
            OutputBuffer = 1024,
            StateBytes = (long)(1.2 * Shapes.StateBytesPerToken(checkpoint.Config) * load.Sequences * (load.PromptTokens + load.NewTokens)),
        };
        return InferenceEngine.Load(checkpoint, ModelTokenizers.Open(session.Options.Tokenizer), options, TimeProvider.System);
    }

    private static string Name(EngineLoad load) => $"engine/mistral-7b/batch{load.Sequences}/{load.PromptTokens + load.NewTokens / 2}";
}
