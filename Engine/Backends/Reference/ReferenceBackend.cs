using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Backends.Reference;

/// <summary>
/// The oracle: every operator as the plain loop that its formula says, one row after the other, sums in f64 in ascending order and rounded to f32
/// once. No vectors, no threads, no blocking: it must stay easy to check by eye, so it is never made faster at the price of a line.
/// </summary>
public sealed partial class ReferenceBackend : IBackend
{
    public string Description => "reference (plain loops, f64 sums)";

    public string Kind => "reference-1";

    public DeviceBuffer Allocate(DataType type, long length) => length <= Array.MaxLength
        ? new ReferenceBuffer(type, length)
        : throw new InsufficientMemoryException($"the reference backend holds at most {Array.MaxLength} elements in a buffer; {length} were asked for");

    public Weight LoadWeight(HostTensor tensor) => new ReferenceWeight(tensor);

    public void Dispose()
    {
    }

    private static Span<float> Row(Matrix x, int row)
        => ((ReferenceBuffer)x.Buffer).Singles(x.Offset + (long)row * x.Columns, x.Columns);

    private static double Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++)
        {
            sum += (double)a[i] * b[i];
        }

        return sum;
    }
}
