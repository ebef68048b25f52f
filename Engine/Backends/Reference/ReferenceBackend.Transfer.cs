namespace OrleansLM.Engine.Backends.Reference;

public sealed partial class ReferenceBackend
{
    public void Copy(DeviceBuffer buffer, long from, long to, long count)
    {
        OperatorShapes.Range(buffer, from, count, nameof(Copy));
        OperatorShapes.Range(buffer, to, count, nameof(Copy));
        var memory = (ReferenceBuffer)buffer;
        memory.Bytes(from, (int)count).CopyTo(memory.Bytes(to, (int)count));
    }

    public void Clear(DeviceBuffer buffer, long start, long count)
    {
        OperatorShapes.Range(buffer, start, count, nameof(Clear));
        ((ReferenceBuffer)buffer).Bytes(start, (int)count).Clear();
    }

    public void Read(DeviceBuffer buffer, long start, Span<byte> destination)
        => ((ReferenceBuffer)buffer).Bytes(start, OperatorShapes.Elements(buffer, start, destination.Length, nameof(Read))).CopyTo(destination);

    public void Write(DeviceBuffer buffer, long start, ReadOnlySpan<byte> source)
        => source.CopyTo(((ReferenceBuffer)buffer).Bytes(start, OperatorShapes.Elements(buffer, start, source.Length, nameof(Write))));

    public ReadOnlySpan<float> ReadLogits(Matrix logits)
        => ((ReferenceBuffer)logits.Buffer).Singles(logits.Offset, checked(logits.Rows * logits.Columns));
}
