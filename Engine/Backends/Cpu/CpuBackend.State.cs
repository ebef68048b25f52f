using System.Runtime.InteropServices;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>The operators that read or write what sequences remember.</summary>
public sealed unsafe partial class CpuBackend
{
    public void StoreKeyValue(Matrix keys, Matrix values, KeyValueLayer layer, StepBatch batch)
    {
        OperatorShapes.StoreKeyValue(keys, values, layer, batch);
        RequireOneType(layer, nameof(StoreKeyValue));
        fixed (StepSegment* segments = batch.Segments)
        fixed (int* pageIds = batch.PageIds)
        {
            Cpu.StoreKeyValue.Run(_team, new StoreKeyValueJob
            {
                Keys = Pointer(keys),
                Values = Pointer(values),
                KeyPages = Host(layer.Keys).Data,
                ValuePages = Host(layer.Values).Data,
                Type = layer.Keys.Type,
                PageTokens = layer.PageTokens,
                KeyValueHeads = layer.KeyValueHeads,
                HeadDim = layer.HeadDim,
                Segments = segments,
                SegmentCount = batch.SegmentCount,
                PageIds = pageIds,
            });
        }
    }

    public void Attention(Matrix queries, KeyValueLayer layer, StepBatch batch, float scale, int window, Matrix output)
    {
        OperatorShapes.Attention(queries, layer, batch, output);
        RequireWindow(layer, batch, window);
        RequireOneType(layer, nameof(Attention));
        fixed (StepSegment* segments = batch.Segments)
        fixed (int* pageIds = batch.PageIds)
        {
            Cpu.Attention.Run(_team, _scratch, new AttentionJob
            {
                Queries = Pointer(queries),
                Output = Pointer(output),
                Keys = Host(layer.Keys).Data,
                Values = Host(layer.Values).Data,
                Type = layer.Keys.Type,
                PageTokens = layer.PageTokens,
                Heads = queries.Columns / layer.HeadDim,
                KeyValueHeads = layer.KeyValueHeads,
                HeadDim = layer.HeadDim,
                Scale = scale,
                Window = window,
                Segments = segments,
                SegmentCount = batch.SegmentCount,
                PageIds = pageIds,
            });
        }
    }

    public void LinearAttention(
        Matrix queries, Matrix keys, Matrix values, RecurrentLayer layer, StepBatch batch, ReadOnlySpan<float> decay, Matrix output)
    {
        OperatorShapes.LinearAttention(queries, keys, values, layer, batch, decay, output);
        fixed (StepSegment* segments = batch.Segments)
        fixed (float* gamma = decay)
        {
            var job = new LinearAttentionJob
            {
                Queries = Pointer(queries),
                Keys = Pointer(keys),
                Values = Pointer(values),
                Output = Pointer(output),
                States = (float*)Host(layer.States).Data,
                SlotElements = layer.SlotElements,
                Decay = gamma,
                Heads = layer.Heads,
                KeyValueHeads = layer.KeyValueHeads,
                HeadDim = layer.HeadDim,
                ChunkTokens = layer.ChunkTokens,
                Segments = segments,
                SegmentCount = batch.SegmentCount,
            };
            if (layer.ChunkTokens == 1)
            {
                RecurrentLinearAttention.Run(_team, job);
            }
            else
            {
                ChunkedLinearAttention.Run(_team, _scratch, job);
            }
        }
    }

    public void Copy(DeviceBuffer buffer, long from, long to, long count)
    {
        OperatorShapes.Range(buffer, from, count, nameof(Copy));
        OperatorShapes.Range(buffer, to, count, nameof(Copy));
        var memory = Host(buffer).Data;
        var size = buffer.Type.SizeInBytes();
        Buffer.MemoryCopy(memory + from * size, memory + to * size, count * size, count * size);
    }

    public void Clear(DeviceBuffer buffer, long start, long count)
    {
        OperatorShapes.Range(buffer, start, count, nameof(Clear));
        var size = buffer.Type.SizeInBytes();
        NativeMemory.Clear(Host(buffer).Data + start * size, (nuint)(count * size));
    }

    public void Read(DeviceBuffer buffer, long start, Span<byte> destination)
    {
        OperatorShapes.Elements(buffer, start, destination.Length, nameof(Read));
        new Span<byte>(Host(buffer).Data + start * buffer.Type.SizeInBytes(), destination.Length).CopyTo(destination);
    }

    public void Write(DeviceBuffer buffer, long start, ReadOnlySpan<byte> source)
    {
        OperatorShapes.Elements(buffer, start, source.Length, nameof(Write));
        source.CopyTo(new Span<byte>(Host(buffer).Data + start * buffer.Type.SizeInBytes(), source.Length));
    }

    public ReadOnlySpan<float> ReadLogits(Matrix logits) => new(Pointer(logits), checked(logits.Rows * logits.Columns));

    private static void RequireOneType(KeyValueLayer layer, string operation)
    {
        if (layer.Keys.Type != layer.Values.Type)
        {
            throw new ArgumentException($"{operation}: keys are {layer.Keys.Type} and values {layer.Values.Type}; expected one type");
        }
    }

    private static void RequireWindow(KeyValueLayer layer, StepBatch batch, int window)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(window, 1);
        foreach (var segment in batch.Segments)
        {
            var page = Cpu.Attention.FirstVisible(window, segment.StartPosition) / layer.PageTokens;
            if (page < segment.FirstPage)
            {
                throw new ArgumentException(
                    $"{nameof(Attention)}: position {segment.StartPosition} with window {window} reads page {page}, but the page table begins with page {segment.FirstPage}");
            }
        }
    }
}
