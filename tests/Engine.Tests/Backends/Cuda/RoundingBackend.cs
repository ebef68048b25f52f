using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Backends.Reference;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Tests.Backends.Cuda;

/// <summary>
/// The reference with numbers rounded to bf16 where the CUDA backend rounds them, and nothing else of it: what bf16 alone costs. Keys and values are rounded by the
/// type of their pages. For models with softmax attention.
/// </summary>
/// <param name="weights">Round matrices as they are loaded.</param>
/// <param name="activations">Round what operators hand on.</param>
internal sealed unsafe class RoundingBackend(bool weights, bool activations) : IBackend
{
    private readonly ReferenceBackend _exact = new();

    public string Description => "reference, rounded to bf16";

    public string Kind => "rounding";

    public DeviceBuffer Allocate(DataType type, long length) => _exact.Allocate(type, length);

    public Weight LoadWeight(HostTensor tensor)
    {
        if (!weights || tensor.Rows == 1 || tensor.Type != DataType.Float32)
        {
            return _exact.LoadWeight(tensor);
        }

        var values = new ReadOnlySpan<float>(tensor.Data, tensor.Rows * tensor.Columns).ToArray();
        Round(values);
        fixed (float* data = values)
        {
            return _exact.LoadWeight(new HostTensor((byte*)data, DataType.Float32, tensor.Rows, tensor.Columns));
        }
    }

    public void Embed(ReadOnlySpan<int> tokens, Weight table, Matrix x) => _exact.Embed(tokens, table, x);

    public void RmsNorm(Matrix x, Weight weight, float epsilon, Matrix y)
    {
        _exact.RmsNorm(x, weight, epsilon, y);
        Round(y);
    }

    public void Project(Matrix x, ReadOnlySpan<Projection> projections) => _exact.Project(x, projections);

    /// <summary>Queries and keys are bf16 before and behind the rotation.</summary>
    public void Rope(Matrix x, int heads, StepBatch batch, RopeTable table)
    {
        Round(x);
        _exact.Rope(x, heads, batch, table);
        Round(x);
    }

    public void StoreKeyValue(Matrix keys, Matrix values, KeyValueLayer layer, StepBatch batch) => _exact.StoreKeyValue(keys, values, layer, batch);

    public void Attention(Matrix queries, KeyValueLayer layer, StepBatch batch, float scale, int window, Matrix output)
    {
        _exact.Attention(queries, layer, batch, scale, window, output);
        Round(output);
    }

    public void SwiGlu(Matrix gate, Matrix up)
    {
        Round(gate);
        Round(up);
        _exact.SwiGlu(gate, up);
        Round(gate);
    }

    public void BiasRelu(Matrix x, Weight bias) => _exact.BiasRelu(x, bias);

    public void LinearAttention(Matrix queries, Matrix keys, Matrix values, RecurrentLayer layer, StepBatch batch, ReadOnlySpan<float> decay, Matrix output) =>
        _exact.LinearAttention(queries, keys, values, layer, batch, decay, output);

    public void GroupNorm(Matrix x, int heads, float epsilon) => _exact.GroupNorm(x, heads, epsilon);

    public void GatherRows(Matrix x, ReadOnlySpan<int> rows, Matrix y) => _exact.GatherRows(x, rows, y);

    public void Copy(DeviceBuffer buffer, long from, long to, long count) => _exact.Copy(buffer, from, to, count);

    public void Clear(DeviceBuffer buffer, long start, long count) => _exact.Clear(buffer, start, count);

    public void Read(DeviceBuffer buffer, long start, Span<byte> destination) => _exact.Read(buffer, start, destination);

    public void Write(DeviceBuffer buffer, long start, ReadOnlySpan<byte> source) => _exact.Write(buffer, start, source);

    public ReadOnlySpan<float> ReadLogits(Matrix logits) => _exact.ReadLogits(logits);

    public void Dispose() => _exact.Dispose();

    private void Round(Matrix x)
    {
        if (activations)
        {
            Round(((ReferenceBuffer)x.Buffer).Singles(x.Offset, x.Rows * x.Columns));
        }
    }

    private static void Round(Span<float> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = Float16Bits.ToSingle(Float16Bits.FromSingle(values[i], DataType.BFloat16), DataType.BFloat16);
        }
    }
}
