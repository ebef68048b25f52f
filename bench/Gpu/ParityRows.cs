using System.Runtime.InteropServices;
using OrleansLM.Engine.Backends.Cuda;
using OrleansLM.Engine.Tensors;
using OrleansLM.Engine.Weights;
using OrleansLM.Reporting;

namespace OrleansLM.Gpu;

/// <summary>Logits of a 7B shape beside those of Hugging Face transformers, which transformers_baseline.py left in a folder with the model itself.</summary>
internal static class ParityRows
{
    private const double Tolerance = 2e-2;

    public static void Measure(GpuSession session)
    {
        if (session.Options.Parity is not { } folder)
        {
            return;
        }

        using var checkpoint = Checkpoint.Open(folder);
        var ids = MemoryMarshal.Cast<byte, int>(File.ReadAllBytes(Path.Combine(folder, "ids.i32"))).ToArray();
        var wide = Singles(Path.Combine(folder, "logits.f32"));
        var narrow = Singles(Path.Combine(folder, "logits.bf16.f32"));
        foreach (var activations in new[] { DataType.BFloat16, DataType.Float32 })
        {
            using var backend = session.NewBackend(other: new CudaOptions { Activations = activations });
            using var model = new LoadedModel(backend, checkpoint.Config, checkpoint.Weights, ids.Length / 64 + 1, ids.Length, activations);
            if (activations == DataType.BFloat16)
            {
                session.Add(BenchRow.Of(
                    "upload/checkpoint", model.UploadRate / 1e9, "GB/s", session.UploadRate / 1e9, model.UploadNote));
            }

            var found = model.Logits(ids);
            var name = activations == DataType.BFloat16 ? "bf16" : "f32";
            session.Add(Row($"parity/activations-{name}/transformers-f32", wide, found));
            session.Add(Row($"parity/activations-{name}/transformers-bf16", narrow, found));
        }

        session.Add(Row("parity/transformers-bf16/transformers-f32", wide, [.. narrow.Chunk(checkpoint.Config.VocabularySize)]));
    }

    private static BenchRow Row(string name, float[] expected, float[][] found)
    {
        var (worst, largest, agree) = (0.0, 0.0, 0);
        var (difference, norm) = (0.0, 0.0);
        for (var row = 0; row < found.Length; row++)
        {
            var theirs = expected.AsSpan(row * found[row].Length, found[row].Length);
            var (d, n) = Squares(theirs, found[row]);
            (difference, norm) = (difference + d, norm + n);
            worst = Math.Max(worst, Math.Sqrt(d / n));
            largest = Math.Max(largest, LargestError(theirs, found[row]));
            agree += Best(theirs) == Best(found[row]) ? 1 : 0;
        }

        return BenchRow.Cost(
            name, worst, "rel", Tolerance,
            $"largest |ours - theirs| / |theirs| of a row of logits over {found.Length} tokens; {Math.Sqrt(difference / norm):G3} over all rows; largest single error {largest:G3} of the row's largest logit; same best id {agree} of {found.Length}");
    }

    private static float[] Singles(string path) => MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(path)).ToArray();

    private static int Best(ReadOnlySpan<float> logits)
    {
        var best = 0;
        for (var i = 1; i < logits.Length; i++)
        {
            best = logits[i] > logits[best] ? i : best;
        }

        return best;
    }

    private static (double Difference, double Norm) Squares(ReadOnlySpan<float> expected, ReadOnlySpan<float> found)
    {
        var (difference, norm) = (0.0, 0.0);
        for (var i = 0; i < expected.Length; i++)
        {
            difference += (expected[i] - (double)found[i]) * (expected[i] - (double)found[i]);
            norm += (double)expected[i] * expected[i];
        }

        return (difference, norm);
    }

    private static double LargestError(ReadOnlySpan<float> expected, ReadOnlySpan<float> found)
    {
        var (error, largest) = (0.0, 0.0);
        for (var i = 0; i < expected.Length; i++)
        {
            error = Math.Max(error, Math.Abs(expected[i] - (double)found[i]));
            largest = Math.Max(largest, Math.Abs(expected[i]));
        }

        return error / largest;
    }
}
