using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Tests.Backends.Cuda;

/// <summary>Kernels get their matrices as tensor maps, which are kept for the next launch: any number of matrices is right, and few of the maps are kept.</summary>
public sealed class CudaTensorMapTests
{
    private const int Size = 64;
    private const int FewestRows = 17;
    private const int MostRows = 64;
    private const int Matrices = 2500;

    [CudaFact]
    public void More_matrices_than_maps_are_kept_of_are_all_multiplied_right()
    {
        var backend = CudaMachine.NewBackend();
        using var rig = new OperatorRig(backend, seed: 3, narrow: true);
        var all = rig.Matrix(MostRows + Matrices / (MostRows - FewestRows + 1) + 1, Size);
        var same = rig.Values(Size * Size);
        var first = rig.Weight(DataType.BFloat16, Size, Size, same);
        var expected = Product(rig, all, first);
        var old = all.Top(FewestRows);
        for (var i = 0; i < Matrices; i++)
        {
            // A matrix never seen with a weight that was, and the other way round: whichever of the two maps is made last must not be the end of the other one.
            var (from, rows) = (i / (MostRows - FewestRows + 1), FewestRows + i % (MostRows - FewestRows + 1));
            var x = new Matrix(all.Buffer, rows, Size, all.Offset + from * Size);
            Assert.Equal(expected[(from * Size)..((from + rows) * Size)], Product(rig, x, first));
            Assert.Equal(expected[..(FewestRows * Size)], Product(rig, old, rig.Weight(DataType.BFloat16, Size, Size, same)));
        }

        Assert.InRange(backend.TensorMapCount, 1, 1024);
    }

    private static float[] Product(OperatorRig rig, Matrix x, Weight weight)
    {
        using var buffer = rig.Backend.Allocate(DataType.Float32, x.Rows * Size);
        var y = new Matrix(buffer, x.Rows, Size);
        rig.Backend.Project(x, [new(weight, y)]);
        return rig.Read(y);
    }
}
