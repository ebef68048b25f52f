using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Backends.Cpu;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Tests.Backends.Cpu;

/// <summary>An operator of the CPU backend allocates no managed memory once its scratch memory has grown.</summary>
public sealed class AllocationTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 16)]
    [InlineData(9, 16)]
    [InlineData(130, 16)]
    public void No_operator_allocates(int rows, int chunkTokens)
    {
        const int Heads = 4, Groups = 2, Dim = 16, Width = Heads * Dim;
        using var rig = new OperatorRig(new CpuBackend(2), 1);
        var backend = rig.Backend;
        int[] pages = rig.Shuffled(8);
        var batch = OperatorRig.Batch([(40, rows)], _ => pages, _ => 0);
        var pool = rig.KeyValues(DataType.BFloat16, 8, 64, Groups, Dim);
        var states = rig.Recurrent(1, Heads, Groups, Dim, chunkTokens);
        var (table, norm) = (rig.Weight(DataType.BFloat16, 100, Width), rig.Weight(DataType.Float32, 1, Width));
        var (square, half) = (rig.Weight(DataType.BFloat16, Width, Width), rig.Weight(DataType.Float16, Groups * Dim, Width));
        var (x, y, z) = (rig.Matrix(rows, Width), rig.Matrix(rows, Width), rig.Matrix(rows, Width));
        var (keys, values) = (rig.Matrix(rows, Groups * Dim), rig.Matrix(rows, Groups * Dim));
        var rope = new RopeTable(rig.Values(Dim / 2), 1);
        float[] decay = [1, 1, 0.5f, 0.5f];
        byte[] bytes = new byte[64];

        void Step()
        {
            backend.Embed(batch.Tokens, table, x);
            backend.RmsNorm(x, norm, 1e-5f, y);
            backend.Project(y, [new(square, z), new(half, keys), new(half, values, true)]);
            backend.Rope(z, Heads, batch, rope);
            backend.Rope(keys, Groups, batch, rope);
            backend.StoreKeyValue(keys, values, pool, batch);
            backend.Attention(z, pool, batch, 0.25f, 33, y);
            backend.SwiGlu(y, z);
            backend.BiasRelu(y, norm);
            backend.LinearAttention(y, keys, values, states, batch, decay, z);
            backend.GroupNorm(z, Heads, 1e-5f);
            backend.GatherRows(z, [0], y.Top(1));
            backend.Copy(x.Buffer, 0, Width / 2, Width / 2);
            backend.Clear(x.Buffer, 0, 3);
            backend.Write(x.Buffer, 0, bytes);
            backend.Read(x.Buffer, 0, bytes);
            backend.ReadLogits(y);
        }

        Step();
        Step();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 20; i++)
        {
            Step();
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }
}
