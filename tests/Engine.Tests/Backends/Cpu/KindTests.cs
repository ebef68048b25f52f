using System.Runtime.InteropServices;
using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Backends.Cpu;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Tests.Backends.Cpu;

/// <summary>
/// Two CPU backends of the same kind give the same bits, on any machine and at any vector width: the bits of one run of all operators are written down
/// here. When a kernel's arithmetic is changed on purpose, change <see cref="IBackend.Kind"/> with it.
/// </summary>
public sealed class KindTests
{
    /// <summary>The 512-bit kernels run everywhere, slowly where the hardware has no such vectors.</summary>
    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 1)]
    [InlineData(false, 8)]
    [InlineData(true, 8)]
    public void Equal_kinds_and_chunk_lengths_give_equal_bits(bool wide, int chunkTokens)
    {
        using var rig = new OperatorRig(new CpuBackend(2, wide), 7);
        var expected = (rig.Backend.Kind, chunkTokens) switch
        {
            ("cpu-f32-2-fma", 1) => "e92357b14d4d53d6",
            ("cpu-f32-2-fma", 8) => "798fb192041390f9",
            ("cpu-f32-2", 1) => "8a73e192d95731c2",
            ("cpu-f32-2", 8) => "fe07b5c55262084c",
            var other => throw new InvalidOperationException($"no bits are written down for kind {other}"),
        };
        Assert.Equal(expected, Fingerprint(AllOperators(rig, chunkTokens)));
    }

    private static float[] AllOperators(OperatorRig rig, int chunkTokens)
    {
        const int Rows = 37, Heads = 4, Groups = 2, Dim = 24, Width = Heads * Dim;
        var backend = rig.Backend;
        var pages = rig.Shuffled(9);
        var batch = OperatorRig.Batch([(0, 1), (500, Rows - 1)], _ => pages, s => s);
        var (x, normed, mixed) = (rig.Matrix(Rows, Width), rig.Empty(Rows, Width), rig.Empty(Rows, Width));
        var (keys, values) = (rig.Empty(Rows, Groups * Dim), rig.Empty(Rows, Groups * Dim));
        var (gate, up) = (rig.Empty(Rows, 130), rig.Empty(Rows, 130));
        var pool = rig.KeyValues(DataType.BFloat16, 9, 64, Groups, Dim);
        backend.Clear(pool.Keys, 0, pool.Keys.Length);
        backend.Write(pool.Values, 0, MemoryMarshal.AsBytes(Enumerable.Range(0, (int)pool.Values.Length).Select(i => (ushort)(0x3F00 + i % 97)).ToArray().AsSpan()));
        var states = rig.Recurrent(2, Heads, Groups, Dim, chunkTokens);
        backend.RmsNorm(x, rig.Weight(DataType.BFloat16, 1, Width), 1e-5f, normed);
        backend.Project(normed, [new(rig.Weight(DataType.Float16, Groups * Dim, Width), keys), new(rig.Weight(DataType.Float32, Groups * Dim, Width), values)]);
        backend.Rope(keys, Groups, batch, new RopeTable(rig.Values(Dim / 2), 1.3f));
        backend.StoreKeyValue(keys, values, pool, batch);
        backend.Attention(normed, pool, batch, 0.3f, 400, mixed);
        backend.Project(mixed, [new(rig.Weight(DataType.BFloat16, 130, Width), gate), new(rig.Weight(DataType.BFloat16, 130, Width), up)]);
        backend.SwiGlu(gate, up);
        backend.LinearAttention(normed, keys, values, states, batch, [1, 0.9f, 0.8f, 0.7f], mixed);
        backend.GroupNorm(mixed, Heads, 1e-5f);
        backend.BiasRelu(up, rig.Weight(DataType.Float32, 1, 130));
        return [.. rig.Read(gate), .. rig.Read(up), .. rig.Read(mixed), .. rig.ReadAll(states.States), .. rig.ReadAll(pool.Keys)];
    }

    /// <summary>FNV-1a over the bits; ±0 count as one, since nothing that follows can tell them apart.</summary>
    private static string Fingerprint(float[] values)
    {
        var hash = 0xcbf29ce484222325;
        foreach (var value in values)
        {
            hash = (hash ^ BitConverter.SingleToUInt32Bits(value + 0f)) * 0x100000001b3;
        }

        return $"{hash:x16}";
    }
}
