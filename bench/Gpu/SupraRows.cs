using OrleansLM.Reporting;

namespace OrleansLM.Gpu;

/// <summary>Linear attention at 7B: a state of 64 MiB whatever the context.</summary>
internal static class SupraRows
{
    private const int Chunk = 4096;

    public static void Measure(GpuSession session)
    {
        if (!session.Wants("supra"))
        {
            return;
        }

        var config = Shapes.Supra;
        using var backend = session.NewBackend();
        using var weights = new RandomWeights(config);
        using var model = new LoadedModel(backend, config, weights, units: 64, Chunk);
        session.Add(BenchRow.Of(
            "upload/supra-7b", weights.TotalBytes / model.LoadSeconds / 1e9, "GB/s", session.UploadRate / 1e9, $"{weights.TotalBytes / 1e9:F1} GB in {model.LoadSeconds:F2} s"));
        model.Prefill(Chunk, Chunk);
        foreach (var tokens in new[] { 8192, 32768 })
        {
            var products = 2.0 * Shapes.Multiplied(config, head: false) * tokens;
            var seconds = model.Prefill(tokens, Chunk);
            session.Add(BenchRow.Cost($"prefill/supra-7b/{tokens}", seconds, "s", products / session.MatMulRate, $"{tokens / seconds:F0} tok/s; the limit counts the products only"));
        }

        foreach (var (sequences, context) in new[] { (1, 1024), (1, 131072), (16, 4096), (64, 4096) })
        {
            var state = 2.0 * sizeof(float) * config.LayerCount * config.HeadCount * config.HeadDim * config.HeadDim * sequences;
            var bytes = 2 * Shapes.Multiplied(config, head: true) + state;
            var seconds = model.DecodeSeconds(sequences, context, session.Options.Steps);
            session.Add(BenchRow.Of(
                $"decode/supra-7b/batch{sequences}/{context}", sequences / seconds, "tok/s", sequences * session.CopyRate / bytes,
                $"{seconds * 1e3:F3} ms a step, {bytes / seconds / 1e9:F0} GB/s"));
        }
    }
}
