using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Models;

/// <summary>The activations of a step between operators, for as many rows as a step may have; allocated once, so that steps allocate nothing.</summary>
internal sealed class StageWorkspace : IDisposable
{
    private readonly IBackend _backend;
    private readonly int _rows;
    private readonly List<DeviceBuffer> _buffers = [];

    public StageWorkspace(ModelConfig config, IBackend backend, StageOptions options, bool isLast)
    {
        _backend = backend;
        _rows = options.MaxRows;
        var queryWidth = config.HeadCount * config.HeadDim;
        var keyWidth = config.KeyValueHeadCount * config.HeadDim;
        Normed = New(_rows, config.HiddenSize);
        Queries = New(_rows, queryWidth);
        Keys = New(_rows, keyWidth);
        Values = New(_rows, keyWidth);
        Mixed = New(_rows, queryWidth);
        Gate = New(_rows, config.IntermediateSize);
        Up = New(_rows, config.IntermediateSize);
        MappedKeys = config.Family == ModelFamily.Supra ? New(_rows, keyWidth) : default;
        MappedQueries = config.Family == ModelFamily.Supra ? New(_rows, queryWidth) : default;
        if (isLast)
        {
            LogitRows = New(options.MaxLogitRows, config.HiddenSize, DataType.Float32);
            NormedLogitRows = backend.ActivationType == DataType.Float32 ? LogitRows : New(options.MaxLogitRows, config.HiddenSize);
            Logits = New(options.MaxLogitRows, config.VocabularySize, DataType.Float32);
        }
    }

    /// <summary>[T, C]</summary>
    public Matrix Normed { get; }

    /// <summary>[T, H·D]</summary>
    public Matrix Queries { get; }

    /// <summary>[T, G·D]</summary>
    public Matrix Keys { get; }

    /// <summary>[T, G·D]</summary>
    public Matrix Values { get; }

    /// <summary>SUPRA: [T, H·D], the queries behind their feature map.</summary>
    public Matrix MappedQueries { get; }

    /// <summary>SUPRA: [T, G·D], the keys behind their feature map.</summary>
    public Matrix MappedKeys { get; }

    /// <summary>[T, H·D]: what attention read.</summary>
    public Matrix Mixed { get; }

    /// <summary>[T, F]</summary>
    public Matrix Gate { get; }

    /// <summary>[T, F]</summary>
    public Matrix Up { get; }

    /// <summary>[MaxLogitRows, C]</summary>
    public Matrix LogitRows { get; }

    /// <summary>[MaxLogitRows, C], behind the final norm; the same memory where types allow.</summary>
    public Matrix NormedLogitRows { get; }

    /// <summary>[MaxLogitRows, V]</summary>
    public Matrix Logits { get; }

    public long SizeInBytes => _buffers.Sum(buffer => buffer.SizeInBytes);

    public void Dispose()
    {
        foreach (var buffer in _buffers)
        {
            buffer.Dispose();
        }

        _buffers.Clear();
    }

    private Matrix New(int rows, int columns, DataType? type = null)
    {
        try
        {
            var buffer = _backend.Allocate(type ?? _backend.ActivationType, (long)rows * columns);
            _buffers.Add(buffer);
            return new Matrix(buffer, rows, columns);
        }
        catch
        {
            Dispose();
            throw;
        }
    }
}
