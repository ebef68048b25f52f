using OrleansLM.Engine.Backends.Cuda;
using OrleansLM.Engine.State;
using OrleansLM.Reporting;

namespace OrleansLM.Gpu;

/// <summary>Linear attention at 7B: a state of 64 MiB and an open chunk, whatever the context; in the backend's chunks, and recurrent.</summary>
internal static class SupraRows
{
    private const int Chunk = 4096;
    private const int StateSessions = 16;
    private const int Short = 1024;
    private const int Long = 131072;

    private static readonly int[] Prompts = [8192, 32768, Long];
    private static readonly (int Sequences, int Context)[] Batches = [(1, Short), (1, Long), (16, 4096), (64, 4096)];

    public static void Measure(GpuSession session)
    {
        (string Name, int ChunkTokens)[] forms = [("supra-7b", CudaBackend.PreferredChunkTokens), ("supra-7b-recurrent", 1)];
        var wanted = forms.Where(form => Rows(form.Name).Any(session.Wants)).ToArray();
        if (wanted.Length == 0)
        {
            return;
        }

        using var backend = session.NewBackend();
        using var weights = new RandomWeights(Shapes.Supra);
        foreach (var (name, chunkTokens) in wanted)
        {
            using var model = new LoadedModel(backend, Shapes.Supra, weights, units: 64, Chunk, chunkTokens: chunkTokens);
            Measure(session, model, name, chunkTokens);
        }
    }

    private static void Measure(GpuSession session, LoadedModel model, string name, int chunkTokens)
    {
        session.Add(BenchRow.Of($"upload/{name}", model.UploadRate / 1e9, "GB/s", session.UploadRate / 1e9, model.UploadNote));
        session.Add(new BenchRow(
            $"state/{name}", model.Stage.State.UnitBytes, "bytes",
            Note: $"of a sequence, at any length; {((RecurrentSpec)model.Stage.State.Spec).OpenBytes * model.Config.LayerCount} of them for the open chunk of {chunkTokens} tokens"));
        model.Prefill(Chunk, Chunk);
        foreach (var tokens in Prompts.Where(tokens => session.Wants(Prefill(name, tokens))))
        {
            var products = 2.0 * Shapes.Multiplied(model.Config, head: false) * tokens;
            var seconds = model.Prefill(tokens, Chunk);
            session.Add(BenchRow.Cost(Prefill(name, tokens), seconds, "s", products / session.MatMulRate, $"{tokens / seconds:F0} tok/s; the limit counts the products only"));
        }

        if (session.Wants(StateRows.Export(State(name))))
        {
            StateRows.Measure(session, State(name), model, StateSessions);
        }

        var single = new Dictionary<int, double>();
        foreach (var (sequences, context) in Batches.Where(batch => session.Wants(Decode(name, batch))))
        {
            var seconds = MeasureDecode(session, model, Decode(name, (sequences, context)), chunkTokens, sequences, context);
            if (sequences == 1)
            {
                single[context] = seconds;
            }
        }

        if (single.Count == 2)
        {
            session.Add(BenchRow.Cost($"decode/{name}/128k-against-1k", single[Long] / single[Short], "x", 1, "time of a token; constant within 3 % is the goal"));
        }
    }

    /// <returns>Seconds of a step.</returns>
    private static double MeasureDecode(GpuSession session, LoadedModel model, string name, int chunkTokens, int sequences, int context)
    {
        // The recurrent form reads and writes the state in every step, the chunked one writes it once in a chunk.
        var config = model.Config;
        var state = (1 + 1.0 / chunkTokens) * sizeof(float) * config.LayerCount * config.HeadCount * config.HeadDim * config.HeadDim * sequences;
        var bytes = 2 * Shapes.Multiplied(config, head: true) + state;
        var seconds = model.DecodeSeconds(sequences, context, session.Options.Steps);
        session.Add(BenchRow.Of(
            name, sequences / seconds, "tok/s", sequences * session.CopyRate / bytes,
            $"{seconds * 1e3:F3} ms a step, of which the device {model.DeviceSeconds(sequences, context) * 1e3:F3}; {bytes / seconds / 1e9:F0} GB/s"));
        return seconds;
    }

    private static IEnumerable<string> Rows(string name) =>
        [StateRows.Export(State(name)), .. Prompts.Select(tokens => Prefill(name, tokens)), .. Batches.Select(batch => Decode(name, batch))];

    private static string Prefill(string name, int tokens) => $"prefill/{name}/{tokens}";

    private static string State(string name) => $"{name}/{StateSessions}-sessions";

    private static string Decode(string name, (int Sequences, int Context) batch) => $"decode/{name}/batch{batch.Sequences}/{batch.Context}";
}
