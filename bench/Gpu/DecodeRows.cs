using OrleansLM.Engine.Models;
using OrleansLM.Reporting;

namespace OrleansLM.Gpu;

/// <summary>Softmax attention at 7B: prefill, then decode over what it left.</summary>
internal static class DecodeRows
{
    private const int Chunk = 4096;
    private const int StateTokens = 32768;

    public static void Measure(GpuSession session)
    {
        if (session.Wants("mistral"))
        {
            Measure(session, "mistral-7b", Shapes.Mistral, [8192, 32768, 131072], [(1, 1024), (1, 32768), (1, 131072), (16, 4096), (64, 4096)]);
        }

        if (session.Wants("llama"))
        {
            Measure(session, "llama-2-7b", Shapes.Llama, [8192], [(1, 1024), (16, 4096)]);
        }
    }

    private static void Measure(GpuSession session, string name, ModelConfig config, int[] prompts, (int Sequences, int Context)[] batches)
    {
        using var backend = session.NewBackend();
        using var weights = new RandomWeights(config);
        var pages = Math.Max(prompts.Max(), batches.Max(batch => batch.Sequences * batch.Context)) / 64;
        using var model = new LoadedModel(backend, config, weights, pages, Chunk);
        session.Add(BenchRow.Of(
            $"upload/{name}", model.UploadRate / 1e9, "GB/s", session.UploadRate / 1e9, model.UploadNote));
        if (session.Wants("prefill"))
        {
            model.Prefill(Chunk, Chunk);
            foreach (var tokens in prompts)
            {
                Prefill(session, $"prefill/{name}/{tokens}", model, tokens);
            }
        }

        if (session.Wants("state"))
        {
            StateRows.Measure(session, $"{name}/{StateTokens}", model, Math.Min(pages, StateTokens / 64));
        }

        foreach (var (sequences, context) in session.Wants("decode") ? batches : [])
        {
            Decode(session, $"decode/{name}/batch{sequences}/{context}", model, sequences, context);
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
        var bytes = 2 * Shapes.Multiplied(model.Config, head: true) + Shapes.StateBytesPerToken(model.Config) * sequences * context;
        var seconds = model.DecodeSeconds(sequences, context, session.Options.Steps);
        session.Add(BenchRow.Of(
            name, sequences / seconds, "tok/s", sequences * session.CopyRate / bytes, $"{seconds * 1e3:F3} ms a step, {bytes / seconds / 1e9:F0} GB/s"));
    }
}
