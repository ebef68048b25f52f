using System.Runtime.InteropServices;
using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.State;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Tests.Backends;

/// <summary>
/// One backend with seeded inputs: two rigs of the same seed on two backends see the same numbers. Weights end right before memory that may not be
/// touched, and fresh activations hold NaN.
/// </summary>
/// <param name="backend">Under test; disposed with the rig.</param>
/// <param name="seed">Of the inputs.</param>
/// <param name="narrow">Inputs are numbers that bf16 holds, and activations have the backend's own type: for backends that compute with bf16.</param>
internal sealed unsafe class OperatorRig(IBackend backend, int seed, bool narrow = false) : IDisposable
{
    private readonly Random _random = new(seed);
    private readonly List<IDisposable> _owned = [];

    public IBackend Backend => backend;

    /// <summary>Roughly normal values.</summary>
    public float[] Values(int count, float scale = 1)
    {
        var values = new float[count];
        for (var i = 0; i < count; i++)
        {
            values[i] = scale * (float)(_random.NextDouble() + _random.NextDouble() + _random.NextDouble() - 1.5) * 2;
            values[i] = narrow ? Float16Bits.ToSingle(Float16Bits.FromSingle(values[i], DataType.BFloat16), DataType.BFloat16) : values[i];
        }

        return values;
    }

    public int[] Tokens(int count, int vocabulary)
    {
        var tokens = new int[count];
        for (var i = 0; i < count; i++)
        {
            tokens[i] = _random.Next(vocabulary);
        }

        return tokens;
    }

    /// <summary>[0, count) in random order.</summary>
    public int[] Shuffled(int count)
    {
        var ids = Enumerable.Range(0, count).ToArray();
        _random.Shuffle(ids);
        return ids;
    }

    public Matrix Matrix(int rows, int columns, float scale = 1) => Matrix(rows, columns, Values(rows * columns, scale));

    public Matrix Matrix(int rows, int columns, float[] values)
    {
        // An odd offset: rows of a matrix have the alignment of an element, no more. Backends with a type of their own have fast paths for aligned ones.
        var offset = narrow ? 8 : 3;
        var buffer = Buffer(narrow ? backend.ActivationType : DataType.Float32, (long)rows * columns + offset);
        backend.Write(buffer, offset, Encode(values[..(rows * columns)], buffer.Type));
        return new Matrix(buffer, rows, columns, offset);
    }

    /// <summary>A part of the residual stream, or of logits: f32 whatever the backend computes with.</summary>
    public Matrix Residual(int rows, int columns)
    {
        var buffer = Buffer(DataType.Float32, (long)rows * columns);
        backend.Write(buffer, 0, MemoryMarshal.AsBytes(Values(rows * columns).AsSpan()));
        return new Matrix(buffer, rows, columns);
    }

    public Matrix Empty(int rows, int columns) => Matrix(rows, columns, Enumerable.Repeat(float.NaN, rows * columns).ToArray());

    /// <summary>A buffer that holds NaN everywhere.</summary>
    public DeviceBuffer Buffer(DataType type, long length)
    {
        var buffer = backend.Allocate(type, length);
        _owned.Add(buffer);
        backend.Write(buffer, 0, Encode(Enumerable.Repeat(float.NaN, (int)length).ToArray(), type));
        return buffer;
    }

    public Weight Weight(DataType type, int rows, int columns, float scale = 1) => Weight(type, rows, columns, Values(rows * columns, scale));

    public Weight Weight(DataType type, int rows, int columns, float[] values)
    {
        var memory = new GuardedMemory(Encode(values, type));
        _owned.Add(memory);
        return backend.LoadWeight(new HostTensor(memory.Data, type, rows, columns));
    }

    public KeyValueLayer KeyValues(DataType type, int pages, int pageTokens, int heads, int headDim)
    {
        var elements = (long)pages * heads * pageTokens * headDim;
        var (keys, values) = (Buffer(type, elements), Buffer(type, elements));
        if (narrow)
        {
            // Matrix units multiply what lies behind a sequence's end by an exact zero: such backends clear their pools.
            backend.Clear(keys, 0, elements);
            backend.Clear(values, 0, elements);
        }

        return new KeyValueLayer(keys, values, pages, pageTokens, heads, headDim);
    }

    /// <summary>Slots that hold something, open chunks too.</summary>
    public RecurrentLayer Recurrent(int slots, int heads, int keyValueHeads, int headDim, int chunkTokens = 1)
    {
        var spec = new RecurrentSpec(heads, keyValueHeads, headDim, chunkTokens, narrow ? backend.ActivationType : DataType.Float32);
        var states = Buffer(DataType.Float32, slots * spec.SlotElements);
        var cells = heads * headDim * headDim;
        for (var slot = 0; slot < slots; slot++)
        {
            backend.Write(states, slot * spec.SlotElements, MemoryMarshal.AsBytes(Values(cells).AsSpan()));
            var open = Encode(Values((int)(spec.OpenBytes / spec.OpenType.SizeInBytes())), spec.OpenType);
            backend.Write(states, slot * spec.SlotElements + cells, open);
        }

        return new RecurrentLayer(states, slots, heads, keyValueHeads, headDim, chunkTokens, spec.OpenType, spec.SlotElements);
    }

    public float[] Read(Matrix matrix)
    {
        var count = matrix.Rows * matrix.Columns;
        if (matrix.Buffer.Type == DataType.Float32)
        {
            return Read(matrix.Buffer, matrix.Offset, count);
        }

        var bits = new ushort[count];
        backend.Read(matrix.Buffer, matrix.Offset, MemoryMarshal.AsBytes(bits.AsSpan()));
        return Array.ConvertAll(bits, value => Float16Bits.ToSingle(value, matrix.Buffer.Type));
    }

    public float[] Read(DeviceBuffer buffer, long start, int count)
    {
        var values = new float[count];
        backend.Read(buffer, start, MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    /// <summary>The elements of a buffer of any type as f32.</summary>
    public float[] ReadAll(DeviceBuffer buffer)
    {
        if (buffer.Type == DataType.Float32)
        {
            return Read(buffer, 0, (int)buffer.Length);
        }

        var bits = new ushort[buffer.Length];
        backend.Read(buffer, 0, MemoryMarshal.AsBytes(bits.AsSpan()));
        return Array.ConvertAll(bits, value => Float16Bits.ToSingle(value, buffer.Type));
    }

    /// <summary>A batch with one segment for each (first position, rows); no state unless page tables or slots are given.</summary>
    public static StepBatch Batch(IReadOnlyList<(int Start, int Rows)> segments, Func<int, int[]>? pageTable = null, Func<int, int>? slot = null, int firstPage = 0)
    {
        var batch = new StepBatch();
        for (var s = 0; s < segments.Count; s++)
        {
            batch.AddSegment(new int[segments[s].Rows], segments[s].Start, pageTable?.Invoke(s)[firstPage..] ?? [], firstPage, slot?.Invoke(s) ?? -1);
        }

        return batch;
    }

    public void Dispose()
    {
        foreach (var owned in _owned)
        {
            owned.Dispose();
        }

        backend.Dispose();
    }

    private static byte[] Encode(float[] values, DataType type) => type switch
    {
        DataType.Float32 => MemoryMarshal.AsBytes(values.AsSpan()).ToArray(),
        DataType.Float8E4M3 => Array.ConvertAll(values, Float8Bits.FromSingle),
        _ => MemoryMarshal.AsBytes(Array.ConvertAll(values, value => Float16Bits.FromSingle(value, type)).AsSpan()).ToArray(),
    };
}
