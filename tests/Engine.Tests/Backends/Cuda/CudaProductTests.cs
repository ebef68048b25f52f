using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Tests.Backends.Cuda;

/// <summary>Products of up to 64 rows, bit for bit: whichever of the three kernels takes them, for the number of rows or for the size of the matrix.</summary>
public sealed class CudaProductTests
{
    private const int Rows = 64;

    private static readonly int[] Counts = [1, 2, 3, 16, 17, 33];

    /// <summary>Rows of a matrix and columns: one round of the multiprocessors and several, rows and columns that are no multiples of any tile.</summary>
    public static TheoryData<int, int> Sizes => new() { { 520, 4112 }, { 4096, 272 }, { 4264, 528 }, { 9000, 144 }, { 520, 4160 }, { 4264, 576 }, { 6408, 64 }, { 2120, 4096 } };

    [CudaTheory]
    [MemberData(nameof(Sizes))]
    public void Sums_in_f32_do_not_depend_on_the_kernel(int n, int k) =>
        Check(k, rig => rig.Weight(DataType.BFloat16, n, k), (rig, x, weight) =>
        {
            var y = rig.Residual(x.Rows, n);
            rig.Backend.Clear(y.Buffer, y.Offset, (long)x.Rows * n);
            rig.Backend.Project(x, [new(weight, y)]);
            rig.Backend.Project(x, [new(weight, y, Accumulate: true)]);
            return rig.Read(y);
        });

    [CudaTheory]
    [MemberData(nameof(Sizes))]
    public void Three_products_together_do_not_depend_on_the_kernel(int n, int k) =>
        Check(k, rig => (A: rig.Weight(DataType.BFloat16, n, k), B: rig.Weight(DataType.BFloat16, 136, k), C: rig.Weight(DataType.BFloat16, 8, k)), (rig, x, weights) =>
        {
            var (a, b, c) = (rig.Empty(x.Rows, n), rig.Empty(x.Rows, 136), rig.Empty(x.Rows, 8));
            rig.Backend.Project(x, [new(weights.A, a), new(weights.B, b), new(weights.C, c)]);
            return Join(x.Rows, rig.Read(a), rig.Read(b), rig.Read(c));
        });

    [CudaTheory]
    [MemberData(nameof(Sizes))]
    public void Gates_and_feature_maps_do_not_depend_on_the_kernel(int n, int k) =>
        Check(
            k,
            rig => (
                Hidden: rig.Residual(Rows, k), Norm: rig.Weight(DataType.Float32, 1, k), Gate: rig.Weight(DataType.BFloat16, n, k), Up: rig.Weight(DataType.BFloat16, n, k),
                Bias: rig.Weight(DataType.Float32, 1, n)),
            (rig, x, given) =>
            {
                var (normed, gate, map) = (rig.Empty(x.Rows, k), rig.Empty(x.Rows, n), rig.Empty(x.Rows, n));
                rig.Backend.ProjectRelu(x, given.Gate, given.Bias, map);
                rig.Backend.NormGate(given.Hidden.Top(x.Rows), new NormStep(given.Norm, 1e-5f, normed), given.Gate, given.Up, gate, rig.Empty(x.Rows, n));
                return Join(x.Rows, rig.Read(map), rig.Read(gate));
            });

    [CudaTheory]
    [MemberData(nameof(Sizes))]
    public void Products_that_begin_with_a_norm_do_not_depend_on_the_kernel(int n, int k) =>
        Check(
            k,
            rig => (
                Hidden: rig.Residual(Rows, k), Norm: rig.Weight(DataType.Float32, 1, k), A: rig.Weight(DataType.BFloat16, n, k), B: rig.Weight(DataType.BFloat16, 136, k),
                C: rig.Weight(DataType.BFloat16, 8, k)),
            (rig, x, given) =>
            {
                var (normed, y) = (rig.Empty(x.Rows, k), rig.Residual(x.Rows, n));
                var (a, b, c) = (rig.Empty(x.Rows, n), rig.Empty(x.Rows, 136), rig.Empty(x.Rows, 8));
                var norm = new NormStep(given.Norm, 1e-5f, normed);
                rig.Backend.NormProject(given.Hidden.Top(x.Rows), norm, [new(given.A, y)]);
                rig.Backend.NormProject(given.Hidden.Top(x.Rows), norm, [new(given.A, a), new(given.B, b), new(given.C, c)]);
                return Join(x.Rows, rig.Read(y), rig.Read(a), rig.Read(b), rig.Read(c));
            });

    private static float[] Join(int rows, params float[][] parts) =>
        [.. Enumerable.Range(0, rows).SelectMany(row => parts.SelectMany(part => part[(row * (part.Length / rows))..((row + 1) * (part.Length / rows))]))];

    private static void Check<T>(int k, Func<OperatorRig, T> weights, Func<OperatorRig, Matrix, T, float[]> run)
    {
        using var rig = new OperatorRig(CudaMachine.NewBackend(), seed: 5, narrow: true);
        var (x, given) = (rig.Matrix(Rows, k), weights(rig));
        var all = run(rig, x, given);
        Assert.All(all, value => Assert.True(float.IsFinite(value)));
        foreach (var count in Counts)
        {
            var some = run(rig, x.Top(count), given);
            Assert.Equal(all[..some.Length], some);
        }
    }
}
