using OrleansLM.Engine.Backends.Cuda.Blas;
using OrleansLM.Engine.Backends.Cuda.Device;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>
/// Products. Up to 64 rows go to kernels of ours, more to the library; all add up K in one chain of tensor-core steps and give the same bits. Which sizes can go that way
/// depends on the weight alone, never on the rows.
/// </summary>
public sealed unsafe partial class CudaBackend
{
    private const int FewRows = BroadKernels.MaxRows;

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
        if (!TryNormProject(x, norm, projections))
        {
            RmsNorm(x, norm.Weight, norm.Epsilon, norm.Output);
            Project(norm.Output, projections);
        }
    }

    public void NormGate(Matrix x, in NormStep norm, Weight gateWeight, Weight upWeight, Matrix gate, Matrix up)
    {
        var fewRows = x.Rows <= FewRows && IsFast(norm.Output, DataType.BFloat16) && IsFastProduct(gateWeight, DataType.BFloat16, gate)
            && IsFastProduct(upWeight, DataType.BFloat16, up);
        if (fewRows && NormsInside(x, norm))
        {
            OperatorShapes.RmsNorm(x, norm.Weight, norm.Output);
            SkinnySwiGlu(InputOf(x, norm), x.Rows, gateWeight, upWeight, gate);
            return;
        }

        RmsNorm(x, norm.Weight, norm.Epsilon, norm.Output);
        if (fewRows)
        {
            FewRowsSwiGlu(norm.Output, gateWeight, upWeight, gate);
            return;
        }

        Project(norm.Output, [new(gateWeight, gate), new(upWeight, up)]);
        SwiGlu(gate, up);
    }

    public void ProjectRelu(Matrix x, Weight weight, Weight bias, Matrix y)
    {
        OperatorShapes.Project(x, new Projection(weight, y));
        if (x.Rows <= FewRows && IsFast(x, DataType.BFloat16) && IsFastProduct(weight, DataType.BFloat16, y))
        {
            FewRowsRelu(x, weight, bias, y);
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
        else if (x.Rows > FewRows)
        {
            _blas.Run(_stream, new MatMulShape(x.Rows, weight.Rows, x.Columns, wide), Address(weight), Address(x), Address(y), projection.Accumulate);
        }
        else if (wide)
        {
            FewRowsF32(x, weight, y, projection.Accumulate);
        }
        else
        {
            FewRowsBF16(x, [projection]);
        }
    }

    private bool TryProjectTogether(Matrix x, ReadOnlySpan<Projection> projections)
    {
        if (x.Rows > FewRows || !IsFast(x, DataType.BFloat16) || !AllFast(x.Columns, projections) || !AllNarrow(projections))
        {
            return false;
        }

        FewRowsBF16(x, projections);
        return true;
    }

    private static (Side A, Side B, Side C) Three(ReadOnlySpan<Projection> projections) =>
        (Side.Of(projections, 0), Side.Of(projections, 1), Side.Of(projections, 2));

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

    /// <summary>One of up to three products that share a launch; those that are not there have no rows.</summary>
    private readonly record struct Side(ulong Weight, ulong Output, int N)
    {
        public static Side Of(ReadOnlySpan<Projection> projections, int index) => index < projections.Length
            ? new Side(Address(projections[index].Weight), Address(projections[index].Output), projections[index].Weight.Rows)
            : default;
    }
}
