using OrleansLM.Engine.Backends.Cuda.Blas;
using OrleansLM.Engine.Backends.Cuda.Device;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>
/// Products. One or two rows go to skinny.cu, up to 64 to wide.cu, more to the library; all add up K in one chain of tensor-core steps and give the same bits. Which sizes
/// can go that way depends on the weight alone, never on the rows.
/// </summary>
public sealed unsafe partial class CudaBackend
{
    private readonly SkinnyKernels _skinny;
    private readonly WideKernels _wide;

    public void Project(Matrix x, ReadOnlySpan<Projection> projections)
    {
        foreach (var projection in projections)
        {
            OperatorShapes.Project(x, projection);
        }

        if (projections.Length is 2 or 3 && TryProjectTogether(x, projections))
        {
            return;
        }

        foreach (var projection in projections)
        {
            Project(x, projection);
        }
    }

    public void NormProject(Matrix x, in NormStep norm, ReadOnlySpan<Projection> projections)
    {
        if (projections.Length <= 3 && CanNormOnTheWay(x) && AllFast(x.Columns, projections) && TryNormProject(x, norm, projections))
        {
            return;
        }

        RmsNorm(x, norm.Weight, norm.Epsilon, norm.Output);
        Project(norm.Output, projections);
    }

    public void NormGate(Matrix x, in NormStep norm, Weight gateWeight, Weight upWeight, Matrix gate, Matrix up)
    {
        var (n, k, rows) = (gateWeight.Rows, x.Columns, x.Rows);
        if (IsPrecise || rows > WideKernels.MaxRows || !IsFastProduct(gateWeight, DataType.BFloat16, gate) || !IsFastProduct(upWeight, DataType.BFloat16, up))
        {
            RmsNorm(x, norm.Weight, norm.Epsilon, norm.Output);
            Project(norm.Output, [new(gateWeight, gate), new(upWeight, up)]);
            SwiGlu(gate, up);
            return;
        }

        var columns = SkinnyKernels.InputColumns(rows, k);
        if (CanNormOnTheWay(x))
        {
            Launch(
                _skinny.NormedSwiGlu, Shape(rows, k, n / 8, normed: true), Address(x), Address(norm.Weight), norm.Epsilon, Address(gateWeight),
                Address(upWeight), Address(gate), rows, n, k, columns);
            return;
        }

        RmsNorm(x, norm.Weight, norm.Epsilon, norm.Output);
        if (rows > SkinnyKernels.MaxRows)
        {
            Launch(
                _wide.Get("wide_swiglu", "ppppiii", 2 * n, rows), _wide.Shape(2 * n, rows), Address(norm.Output), Address(gateWeight), Address(upWeight), Address(gate),
                rows, n, k);
            return;
        }

        Launch(
            _skinny.SwiGlu, Shape(rows, k, n / 8, normed: false), Address(norm.Output), Address(gateWeight), Address(upWeight), Address(gate), rows, n, k,
            columns);
    }

    public void ProjectRelu(Matrix x, Weight weight, Weight bias, Matrix y)
    {
        OperatorShapes.Project(x, new Projection(weight, y));
        if (x.Rows <= WideKernels.MaxRows && IsFast(x, DataType.BFloat16) && IsFastProduct(weight, DataType.BFloat16, y))
        {
            if (x.Rows > SkinnyKernels.MaxRows)
            {
                Launch(
                    _wide.Get("wide_relu", "ppppiii", weight.Rows, x.Rows), _wide.Shape(weight.Rows, x.Rows), Address(x), Address(weight), Address(bias), Address(y),
                    x.Rows, weight.Rows, x.Columns);
                return;
            }

            Launch(
                _skinny.Relu, Shape(x.Rows, x.Columns, weight.Rows / 8, normed: false), Address(x), Address(weight), Address(bias), Address(y), x.Rows,
                weight.Rows, x.Columns, SkinnyKernels.InputColumns(x.Rows, x.Columns));
            return;
        }

        Project(x, [new(weight, y)]);
        BiasRelu(y, bias);
    }

    private void Project(Matrix x, Projection projection)
    {
        if (TryProjectInParts(x, projection))
        {
            return;
        }

        var (weight, y) = (projection.Weight, projection.Output);
        var wide = y.Buffer.Type == DataType.Float32;
        if (!IsFast(x, DataType.BFloat16) || !IsFastProduct(weight, y.Buffer.Type, y) || (projection.Accumulate && !wide))
        {
            _generic.Project.Launch(
                _stream, LaunchShape.Of(((long)x.Rows * weight.Rows + 7) / 8, BlockThreads), Address(x), Type(x), Address(weight), WeightType(weight), Address(y), Type(y),
                projection.Accumulate ? 1 : 0, x.Rows, weight.Rows, x.Columns);
        }
        else if (x.Rows > WideKernels.MaxRows)
        {
            _blas.Run(_stream, new MatMulShape(x.Rows, weight.Rows, x.Columns, wide), Address(weight), Address(x), Address(y), projection.Accumulate);
        }
        else if (wide && x.Rows > SkinnyKernels.MaxRows)
        {
            Launch(
                _wide.Get(projection.Accumulate ? "wide_add" : "wide_f32", "pppiii", weight.Rows, x.Rows), _wide.Shape(weight.Rows, x.Rows), Address(x), Address(weight),
                Address(y), x.Rows, weight.Rows, x.Columns);
        }
        else if (wide)
        {
            Launch(
                projection.Accumulate ? _skinny.Add : _skinny.F32, Shape(x.Rows, x.Columns, weight.Rows / 8, normed: false), Address(x),
                Address(weight), Address(y), x.Rows, weight.Rows, x.Columns, SkinnyKernels.InputColumns(x.Rows, x.Columns));
        }
        else
        {
            ProjectTogether(x, [projection]);
        }
    }

    private bool TryProjectTogether(Matrix x, ReadOnlySpan<Projection> projections)
    {
        if (x.Rows > WideKernels.MaxRows || !IsFast(x, DataType.BFloat16) || !AllFast(x.Columns, projections) || !AllNarrow(projections))
        {
            return false;
        }

        ProjectTogether(x, projections);
        return true;
    }

    private void ProjectTogether(Matrix x, ReadOnlySpan<Projection> projections)
    {
        var (a, b, c) = Three(projections);
        if (x.Rows > SkinnyKernels.MaxRows)
        {
            var weightRows = a.N + b.N + c.N;
            Launch(
                _wide.Get("wide_bf16", "pppppppiiiii", weightRows, x.Rows), _wide.Shape(weightRows, x.Rows), Address(x), a.Weight, b.Weight, c.Weight, a.Output, b.Output,
                c.Output, x.Rows, a.N, b.N, c.N, x.Columns);
            return;
        }

        Launch(
            _skinny.BF16, Shape(x.Rows, x.Columns, (a.N + b.N + c.N) / 8, normed: false), Address(x), a.Weight, b.Weight, c.Weight, a.Output,
            b.Output, c.Output, x.Rows, a.N, b.N, c.N, x.Columns, SkinnyKernels.InputColumns(x.Rows, x.Columns));
    }

    private bool TryNormProject(Matrix x, in NormStep norm, ReadOnlySpan<Projection> projections)
    {
        var (rows, k) = (x.Rows, x.Columns);
        if (AllNarrow(projections))
        {
            var (a, b, c) = Three(projections);
            Launch(
                _skinny.NormedBF16, Shape(rows, k, (a.N + b.N + c.N) / 8, normed: true), Address(x), Address(norm.Weight), norm.Epsilon, a.Weight,
                b.Weight, c.Weight, a.Output, b.Output, c.Output, rows, a.N, b.N, c.N, k, SkinnyKernels.InputColumns(rows, k));
            return true;
        }

        if (projections.Length != 1 || projections[0].Accumulate)
        {
            return false;
        }

        var (weight, y) = (projections[0].Weight, projections[0].Output);
        Launch(
            _skinny.NormedF32, Shape(rows, k, weight.Rows / 8, normed: true), Address(x), Address(norm.Weight), norm.Epsilon, Address(weight), Address(y),
            rows, weight.Rows, k, SkinnyKernels.InputColumns(rows, k));
        return true;
    }

    private static (Side A, Side B, Side C) Three(ReadOnlySpan<Projection> projections) =>
        (Side.Of(projections, 0), Side.Of(projections, 1), Side.Of(projections, 2));

    /// <summary>Rows of an f32 residual stream that lie whole in the shared memory of a block.</summary>
    private bool CanNormOnTheWay(Matrix x) =>
        !IsPrecise && IsFast(x, DataType.Float32) && SkinnyKernels.CanNorm(x.Rows, x.Columns);

    private bool AllFast(int k, ReadOnlySpan<Projection> projections)
    {
        foreach (var projection in projections)
        {
            if (!IsFastProduct(projection.Weight, projection.Output.Buffer.Type, projection.Output) || projection.Weight.Columns != k)
            {
                return false;
            }
        }

        return true;
    }

    private static bool AllNarrow(ReadOnlySpan<Projection> projections)
    {
        foreach (var projection in projections)
        {
            if (projection.Output.Buffer.Type != DataType.BFloat16 || projection.Accumulate)
            {
                return false;
            }
        }

        return true;
    }

    private bool IsFastProduct(Weight weight, DataType output, Matrix y) =>
        HasFastKernels && weight.Rows > 1 && IsNarrow(weight) && weight.Rows % 8 == 0 && weight.Columns % 16 == 0 && output != DataType.Float16 && IsAligned(Address(y));

    private LaunchShape Shape(int rows, int k, long warpTiles, bool normed) =>
        SkinnyKernels.Shape(rows, k, warpTiles, normed, _context.Info.MultiprocessorCount);

    /// <summary>One of up to three products that share a launch; those that are not there have no rows.</summary>
    private readonly record struct Side(ulong Weight, ulong Output, int N)
    {
        public static Side Of(ReadOnlySpan<Projection> projections, int index) => index < projections.Length
            ? new Side(Address(projections[index].Weight), Address(projections[index].Output), projections[index].Weight.Rows)
            : default;
    }
}
