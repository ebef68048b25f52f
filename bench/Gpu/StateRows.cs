using System.Diagnostics;
using System.Runtime.InteropServices;
using OrleansLM.Engine.State;
using OrleansLM.Reporting;

namespace OrleansLM.Gpu;

/// <summary>Pages or states that leave the device for ordinary host memory, and come back: what export and import of a session move.</summary>
internal static class StateRows
{
    private const int Rounds = 5;
    private const long RunBytes = 256L << 20;

    /// <summary>Name of the first row.</summary>
    public static string Export(string name) => $"state/export/{name}";

    /// <param name="session">The run.</param>
    /// <param name="name">Of the shape.</param>
    /// <param name="model">Whose pages or slots.</param>
    /// <param name="units">How many are moved, from the first on.</param>
    public static void Measure(GpuSession session, string name, LoadedModel model, int units)
    {
        var state = model.Stage.State;
        var bytes = units * state.UnitBytes;
        var note = $"{bytes / 1e9:F2} GB, {units} units of {state.UnitBytes >> 10} KiB, median of {Rounds}";
        var read = Rate(state, units, (ids, memory) => state.ReadUnits(ids, memory));
        session.Add(BenchRow.Of(Export(name), read / 1e9, "GB/s", session.DownloadRate / 1e9, note));
        var written = Rate(state, units, (ids, memory) => state.WriteUnits(ids, memory), model.Backend.Synchronize);
        session.Add(BenchRow.Of($"state/import/{name}", written / 1e9, "GB/s", session.UploadRate / 1e9, note));
    }

    /// <summary>Bytes a second. The host's memory was touched before: a session's bytes go to buffers that are used again and again.</summary>
    private static unsafe double Rate(StageState state, int units, Move move, Action? finish = null)
    {
        var bytes = units * state.UnitBytes;
        var memory = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, 4096);
        try
        {
            NativeMemory.Fill(memory, (nuint)bytes, 0);
            var samples = new double[Rounds + 1];
            for (var i = 0; i < samples.Length; i++)
            {
                var started = Stopwatch.GetTimestamp();
                All(state, units, memory, move);
                finish?.Invoke();
                samples[i] = Stopwatch.GetElapsedTime(started).TotalSeconds;
            }

            return bytes / samples.Skip(1).Order().ElementAt(Rounds / 2);
        }
        finally
        {
            NativeMemory.AlignedFree(memory);
        }
    }

    private static unsafe void All(StageState state, int units, byte* memory, Move move)
    {
        var together = (int)Math.Clamp(RunBytes / state.UnitBytes, 1, units);
        var ids = Enumerable.Range(0, units).ToArray();
        for (var first = 0; first < units; first += together)
        {
            var count = Math.Min(together, units - first);
            move(ids.AsSpan(first, count), new Span<byte>(memory + first * state.UnitBytes, checked((int)(count * state.UnitBytes))));
        }
    }

    private delegate void Move(ReadOnlySpan<int> units, Span<byte> memory);
}
