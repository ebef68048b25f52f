using System.Runtime.InteropServices;
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
        var expected = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(Path.Combine(folder, "logits.f32"))).ToArray();
        using var backend = session.NewBackend();
        using var model = new LoadedModel(backend, checkpoint.Config, checkpoint.Weights, ids.Length / 64 + 1, ids.Length);
        session.Add(BenchRow.Of(
            "upload/checkpoint", checkpoint.TotalBytes / model.LoadSeconds / 1e9, "GB/s", session.UploadRate / 1e9, $"{checkpoint.TotalBytes / 1e9:F1} GB in {model.LoadSeconds:F2} s, from mapped files"));
        var found = model.Logits(ids);
        var (worst, largest, agree) = (0.0, 0.0, 0);
        for (var row = 0; row < found.Length; row++)
        {
            var theirs = expected.AsSpan(row * found[row].Length, found[row].Length);
            worst = Math.Max(worst, Error(theirs, found[row]));
            largest = Math.Max(largest, LargestError(theirs, found[row]));
            agree += Best(theirs) == Best(found[row]) ? 1 : 0;
        }

        session.Add(BenchRow.Cost(
            "parity/transformers", worst, "rel", Tolerance, $"largest |ours - theirs| / |theirs| of a row of logits over {ids.Length} tokens; largest single error {largest:G3} of the row's largest logit; same best id {agree} of {found.Length}"));
    }

    private static int Best(ReadOnlySpan<float> logits)
    {
        var best = 0;
        for (var i = 1; i < logits.Length; i++)
        {
            best = logits[i] > logits[best] ? i : best;
        }

        return best;
    }

    private static double Error(ReadOnlySpan<float> expected, ReadOnlySpan<float> found)
    {
        var (difference, norm) = (0.0, 0.0);
        for (var i = 0; i < expected.Length; i++)
        {
            difference += (expected[i] - (double)found[i]) * (expected[i] - (double)found[i]);
            norm += (double)expected[i] * expected[i];
        }

        return Math.Sqrt(difference / norm);
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
