using OrleansLM.Engine.Models;
using OrleansLM.Engine.Tensors;
using OrleansLM.Reporting;

namespace OrleansLM.Gpu;

/// <summary>Softmax attention at 7B: prefill, then decode over what it left.</summary>
internal static class DecodeRows
{
    private const int Chunk = 4096;
    private const int StateTokens = 32768;

    private static readonly Shape Mistral = new(
        "mistral-7b", Shapes.Mistral, DataType.BFloat16, [8192, 32768, 131072], [(1, 1024), (1, 32768), (1, 131072), (16, 4096), (32, 4096), (64, 4096)]);

    private static readonly Shape Narrow = new(
        "mistral-7b-fp8", Shapes.Mistral, DataType.Float8E4M3, [32768], [(1, 1024), (1, 131072), (16, 4096), (64, 4096)]);

    private static readonly Shape Llama = new("llama-2-7b", Shapes.Llama, DataType.BFloat16, [8192], [(1, 1024), (16, 4096)]);

    public static void Measure(GpuSession session)
    {
        MeasureAll(session, Mistral, Narrow);
        MeasureAll(session, Llama);
    }

    /// <summary>Shapes of the same weights.</summary>
    private static void MeasureAll(GpuSession session, params Shape[] shapes)
    {
        var wanted = shapes.Where(shape => shape.Rows.Any(session.Wants)).ToArray();
        if (wanted.Length == 0)
        {
            return;
        }

        using var weights = new RandomWeights(wanted[0].Config);
        foreach (var shape in wanted)
        {
            Measure(session, shape, weights);
        }
    }

    private static void Measure(GpuSession session, Shape shape, RandomWeights weights)
    {
        using var backend = session.NewBackend();
        using var model = new LoadedModel(backend, shape.Config, weights, shape.Pages, Chunk, shape.StateType);
        session.Add(BenchRow.Of(shape.Upload, model.UploadRate / 1e9, "GB/s", session.UploadRate / 1e9, model.UploadNote));
        var prompts = shape.Prompts.Where(tokens => session.Wants(shape.Prefill(tokens))).ToArray();
        if (prompts.Length > 0)
        {
            model.Prefill(Chunk, Chunk);
        }

        foreach (var tokens in prompts)
        {
            Prefill(session, shape.Prefill(tokens), model, tokens);
        }

        if (session.Wants(StateRows.Export(shape.State)))
        {
            StateRows.Measure(session, shape.State, model, Math.Min(shape.Pages, StateTokens / 64));
        }

        foreach (var (sequences, context) in shape.Batches.Where(batch => session.Wants(shape.Decode(batch))))
        {
            Decode(session, shape.Decode((sequences, context)), model, sequences, context);
        }
    }

    private static void Prefill(GpuSession session, string name, LoadedModel model, int tokens)
    {
        var config = model.Config;
        var products = 2.0 * Shapes.Multiplied(config, head: false) * tokens;
        var attention = 2.0 * config.LayerCount * config.HeadCount * config.HeadDim * tokens * (tokens + 1.0);
        var seconds = model.Prefill(tokens, Chunk);
        session.Add(BenchRow.Cost(
            name, seconds, "s", (products + attention) / session.MatMulRate, $"{tokens / seconds:F0} tok/s, {(products + attention) / seconds / 1e12:F0} TFLOP/s, chunks of {Chunk}"));
    }

    private static void Decode(GpuSession session, string name, LoadedModel model, int sequences, int context)
    {
        var bytes = 2 * Shapes.Multiplied(model.Config, head: true) + model.StateBytesPerToken * sequences * context;
        var seconds = model.DecodeSeconds(sequences, context, session.Options.Steps);
        session.Add(BenchRow.Of(
            name, sequences / seconds, "tok/s", sequences * session.CopyRate / bytes,
            $"{seconds * 1e3:F3} ms a step, of which the device {model.DeviceSeconds(sequences, context) * 1e3:F3}; {bytes / seconds / 1e9:F0} GB/s"));
    }

    /// <summary>A model and what is measured of it.</summary>
    private sealed record Shape(string Name, ModelConfig Config, DataType StateType, int[] Prompts, (int Sequences, int Context)[] Batches)
    {
        public int Pages => Math.Max(Prompts.Max(), Batches.Max(batch => batch.Sequences * batch.Context)) / 64;

        public string Upload => $"upload/{Name}";

        public string State => $"{Name}/{StateTokens}";

        public IEnumerable<string> Rows => [Upload, StateRows.Export(State), .. Prompts.Select(Prefill), .. Batches.Select(Decode)];

        public string Prefill(int tokens) => $"prefill/{Name}/{tokens}";

        public string Decode((int Sequences, int Context) batch) => $"decode/{Name}/batch{batch.Sequences}/{batch.Context}";
    }
}
