using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>
/// Products of f32 activations on tensor cores: x = high + low, both bf16, is right to 2^-17; x·Wᵀ is low·Wᵀ and, added to it, high·Wᵀ. Both are the chains of products that
/// give the same bits for any number of rows, so these do too.
/// </summary>
public sealed unsafe partial class CudaBackend
{
    private CudaBuffer? _high;
    private CudaBuffer? _low;

    /// <summary>How often the memory of parts has moved.</summary>
    private int _partGeneration;

    private bool IsPrecise => _options.Activations == DataType.Float32;

    /// <summary>False: the product is one for the plain kernel.</summary>
    private bool TryProjectInParts(Matrix x, Projection projection)
    {
        if (!IsPrecise || !IsFast(x, DataType.Float32) || projection.Output.Buffer.Type != DataType.Float32 || !IsFastProduct(projection.Weight, DataType.Float32, projection.Output))
        {
            return false;
        }

        var (high, low) = Parts(x);
        Project(low, projection);
        Project(high, projection with { Accumulate = true });
        return true;
    }

    private (Matrix High, Matrix Low) Parts(Matrix x)
    {
        var count = (long)x.Rows * x.Columns;
        _generic.SplitInTwo.Launch(_stream, Items(count), Address(x), Part(ref _high, count).Address, Part(ref _low, count).Address, count);
        return (new Matrix(_high!, x.Rows, x.Columns), new Matrix(_low!, x.Rows, x.Columns));
    }

    /// <summary>Memory for one part; what was recorded with a smaller one is recorded anew.</summary>
    private CudaBuffer Part(ref CudaBuffer? part, long count)
    {
        if (part is null || part.Length < count)
        {
            _stream.Synchronize();
            part?.Dispose();
            part = (CudaBuffer)Allocate(DataType.BFloat16, count);
            _partGeneration++;
        }

        return part;
    }
}
