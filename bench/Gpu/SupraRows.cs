using OrleansLM.Engine.Backends.Cuda;
using OrleansLM.Engine.State;
using OrleansLM.Reporting;

namespace OrleansLM.Gpu;

/// <summary>Linear attention at 7B: a state of 64 MiB and an open chunk, whatever the context; in the backend's chunks, and recurrent.</summary>
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
        Measure(session, backend, weights, backend.StateChunkTokens, "supra-7b");
        if (backend.StateChunkTokens > 1)
        {
            Measure(session, backend, weights, 1, "supra-7b-recurrent");
        }
    }

    private static void Measure(GpuSession session, CudaBackend backend, RandomWeights weights, int chunkTokens, string name)
    {
        var config = Shapes.Supra;
        using var model = new LoadedModel(backend, config, weights, units: 64, Chunk, chunkTokens: chunkTokens);
        session.Add(BenchRow.Of(
            $"upload/{name}", model.UploadRate / 1e9, "GB/s", session.UploadRate / 1e9, model.UploadNote));
        session.Add(new BenchRow(
            $"state/{name}", model.Stage.State.UnitBytes, "bytes",
            Note: $"of a sequence, at any length; {((RecurrentSpec)model.Stage.State.Spec).OpenBytes * config.LayerCount} of them for the open chunk of {chunkTokens} tokens"));
        model.Prefill(Chunk, Chunk);
        foreach (var tokens in session.Wants("prefill") ? new[] { 8192, 32768, 131072 } : [])
        {
            var products = 2.0 * Shapes.Multiplied(config, head: false) * tokens;
            var seconds = model.Prefill(tokens, Chunk);
            session.Add(BenchRow.Cost($"prefill/{name}/{tokens}", seconds, "s", products / session.MatMulRate, $"{tokens / seconds:F0} tok/s; the limit counts the products only"));
        }

        if (session.Wants("state"))
        {
            StateRows.Measure(session, $"{name}/16-sessions", model, 16);
        }

        var single = new Dictionary<int, double>();
        foreach (var (sequences, context) in new[] { (1, 1024), (1, 131072), (16, 4096), (64, 4096) })
        {
            // The recurrent form reads and writes the state in every step, the chunked one writes it once in a chunk.
            var state = (1 + 1.0 / chunkTokens) * sizeof(float) * config.LayerCount * config.HeadCount * config.HeadDim * config.HeadDim * sequences;
            var bytes = 2 * Shapes.Multiplied(config, head: true) + state;
            var seconds = model.DecodeSeconds(sequences, context, session.Options.Steps);
            session.Add(BenchRow.Of(
                $"decode/{name}/batch{sequences}/{context}", sequences / seconds, "tok/s", sequences * session.CopyRate / bytes,
                $"{seconds * 1e3:F3} ms a step, {bytes / seconds / 1e9:F0} GB/s"));
            if (sequences == 1)
            {
                single[context] = seconds;
            }
        }

        session.Add(BenchRow.Cost($"decode/{name}/128k-against-1k", single[131072] / single[1024], "x", 1, "time of a token; constant within 3 % is the goal"));
    }
}
