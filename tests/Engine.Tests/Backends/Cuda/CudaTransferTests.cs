using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Tests.Backends.Cuda;

/// <summary>Much data on its way to a device and back, over several threads: every byte at its place.</summary>
public sealed class CudaTransferTests
{
    [CudaTheory]
    [InlineData(4096, 3, 5)]
    [InlineData(1 << 18, 7, 9)]
    [InlineData((1 << 20) + 12, 2, 3)]
    public void Parts_of_several_buffers_come_back_as_they_left(int elements, int buffers, int starts)
    {
        using var backend = CudaMachine.NewBackend();
        var owned = Enumerable.Range(0, buffers).Select(_ => backend.Allocate(DataType.Float32, (long)elements * (starts + 1))).ToArray();
        var places = Enumerable.Range(0, starts).Select(i => (long)elements * (starts - i)).ToArray();
        var bytes = new byte[(long)elements * sizeof(float) * buffers * starts];
        new Random(elements).NextBytes(bytes);
        var found = new byte[bytes.Length];
        backend.WriteAll(owned, places, bytes);
        backend.ReadAll(owned, places, found);
        Assert.True(bytes.AsSpan().SequenceEqual(found));

        // The same bytes, read one part after the other.
        var part = new byte[elements * sizeof(float)];
        backend.Read(owned[1], places[starts - 1], part);
        Assert.True(bytes.AsSpan(((starts - 1) * buffers + 1) * part.Length, part.Length).SequenceEqual(part));
        Array.ForEach(owned, buffer => buffer.Dispose());
    }

    [CudaTheory]
    [InlineData(DataType.Float32)]
    [InlineData(DataType.Float16)]
    [InlineData(DataType.BFloat16)]
    public void A_large_weight_of_any_type_arrives_whole(DataType type)
    {
        // Ones and twos are the same in all types; the sum of a row tells whether all of it came.
        const int Rows = 1536, Columns = 4096;
        using var rig = new OperatorRig(CudaMachine.NewBackend(), 1);
        using var weight = Load(rig, type, Rows, Columns);
        var x = rig.Matrix(1, Columns, Enumerable.Repeat(1f, Columns).ToArray());
        var y = rig.Empty(1, Rows);
        rig.Backend.Project(x, [new(weight, y)]);
        Assert.Equal(Enumerable.Range(0, Rows).Select(row => (float)(Columns + row)), rig.Read(y));
    }

    /// <summary>Row r holds r twos, the rest ones.</summary>
    private static unsafe OrleansLM.Engine.Backends.Weight Load(OperatorRig rig, DataType type, int rows, int columns)
    {
        var bytes = new byte[(long)rows * columns * type.SizeInBytes()];
        fixed (byte* data = bytes)
        {
            for (var i = 0; i < rows * columns; i++)
            {
                var value = i % columns < i / columns ? 2f : 1f;
                if (type == DataType.Float32)
                {
                    ((float*)data)[i] = value;
                }
                else
                {
                    ((ushort*)data)[i] = Float16Bits.FromSingle(value, type);
                }
            }

            return rig.Backend.LoadWeight(new HostTensor(data, type, rows, columns));
        }
    }
}
