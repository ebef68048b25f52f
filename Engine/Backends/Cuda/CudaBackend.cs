using OrleansLM.Engine.Backends.Cuda.Blas;
using OrleansLM.Engine.Backends.Cuda.Compile;
using OrleansLM.Engine.Backends.Cuda.Device;
using OrleansLM.Engine.Backends.Cuda.Native;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>
/// One NVIDIA GPU: weights and keys and values as bf16 in its memory, activations bf16 with f32 sums, the residual stream and logits f32. Operators queue
/// kernels into one stream; steps of few rows are recorded as graphs and replayed. Every row is computed with one order of additions whatever stands beside
/// it: products in one chain of tensor-core steps over K, attention in parts cut at fixed positions.
/// </summary>
public sealed unsafe partial class CudaBackend : IBackend
{
    private readonly CudaContext _context;
    private readonly CudaOptions _options;
    private readonly CudaStream _stream;
    private readonly KernelModules _modules;
    private readonly GenericKernels _generic;
    private readonly RowKernels _rows;
    private readonly AttentionKernels _attention;
    private readonly TensorMaps _maps;
    private readonly BlasMatMul _blas;
    private readonly HostLanes _lanes;
    private readonly WeightUploader _uploader;
    private readonly StepMemory _step;
    private readonly StepGraphs _graphs;
    private readonly Scratch _scratch;
    private PinnedMemory? _staging;

    /// <exception cref="CudaUnavailableException">No such device, or a library is missing; the message says which and why.</exception>
    public CudaBackend(CudaDevices devices, CudaOptions? options = null)
    {
        _options = options ?? new CudaOptions();
        var nvrtc = NvrtcApi.Load();
        var blas = BlasApi.Load();
        _context = new CudaContext(devices, _options.Device);
        _stream = new CudaStream(_context);
        _modules = new KernelModules(_context, nvrtc, _options.KernelCacheDirectory is { } directory ? new KernelCache(directory) : KernelCache.Default());
        _generic = new GenericKernels(_modules);
        _rows = new RowKernels(_modules);
        _attention = new AttentionKernels(_modules);
        _skinny = new SkinnyKernels(_modules, _context.Info.MultiprocessorCount);
        _wide = new WideKernels(_modules, _context.Info.MultiprocessorCount);
        _broad = new BroadKernels(_modules, _context.Info.MultiprocessorCount);
        _maps = new TensorMaps(_context);
        _blas = new BlasMatMul(_context, blas, _options.AllowSplitSums);
        _lanes = new HostLanes(_context);
        _uploader = new WeightUploader(_context, _stream, _generic, _lanes, narrow: !IsPrecise);
        _step = new StepMemory(_context, _stream);
        _graphs = new StepGraphs(_stream);
        _scratch = new Scratch(_context, _stream);
    }

    public string Description => $"cuda:{_context.Info.Ordinal} ({_context.Info.Name}, {_context.Info.MemoryBytes / 1e9:F0} GB, {_context.Info.MultiprocessorCount} SMs)";

    /// <summary>One block of tensor-core products: docs/decisions/0010.</summary>
    public const int PreferredChunkTokens = AttentionKernels.ChunkTokens;

    /// <summary>With f32 activations the recurrent form: chunks are for tensor cores.</summary>
    public int StateChunkTokens => _options.Activations == DataType.BFloat16 ? PreferredChunkTokens : 1;

    public string Kind => $"cuda-{(IsPrecise ? "f32" : "bf16")}-sm{_context.Info.ComputeCapability}";

    public DataType ActivationType => _options.Activations;

    public CudaDeviceInfo Device => _context.Info;

    /// <summary>Bytes that are free on the device now.</summary>
    public long FreeBytes => _context.FreeBytes;

    /// <summary>Bytes of weights read from files so far.</summary>
    public long UploadedBytes => _uploader.UploadedBytes;

    /// <summary>Seconds that uploading them took, the allocation of their memory included.</summary>
    public double UploadSeconds => _uploader.Seconds;

    /// <summary>Kinds of steps that are recorded; each takes memory of the device.</summary>
    internal int RecordingCount => _graphs.Count;

    /// <summary>Tensor maps that are kept.</summary>
    internal int TensorMapCount => _maps.Count;

    internal CudaStream Stream => _stream;

    internal CudaContext Context => _context;

    private bool HasFastKernels => _options.FastKernels && _context.Info.ComputeCapability == 90;

    public DeviceBuffer Allocate(DataType type, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        var memory = new DeviceMemory(_context, length * type.SizeInBytes());
        _stream.Fill(memory.Address, 0, memory.Bytes);
        return new CudaBuffer(type, length, memory);
    }

    public Weight LoadWeight(HostTensor tensor)
    {
        if (tensor.Data is null || tensor.Rows < 1 || tensor.Columns < 1)
        {
            throw new ArgumentException($"a weight of [{tensor.Rows}, {tensor.Columns}] at {(nint)tensor.Data:x}; expected at least one row and column in memory");
        }

        return new CudaWeight(tensor.Type, tensor.Rows, tensor.Columns, _uploader.Upload(tensor), _uploader.TypeOf(tensor));
    }

    public void Copy(DeviceBuffer buffer, long from, long to, long count)
    {
        OperatorShapes.Range(buffer, from, count, nameof(Copy));
        OperatorShapes.Range(buffer, to, count, nameof(Copy));
        _stream.Copy(Cuda(buffer).At(to), Cuda(buffer).At(from), count * buffer.Type.SizeInBytes());
    }

    public void Clear(DeviceBuffer buffer, long start, long count)
    {
        OperatorShapes.Range(buffer, start, count, nameof(Clear));
        _stream.Fill(Cuda(buffer).At(start), 0, count * buffer.Type.SizeInBytes());
    }

    public void Read(DeviceBuffer buffer, long start, Span<byte> destination)
    {
        OperatorShapes.Elements(buffer, start, destination.Length, nameof(Read));
        var address = Cuda(buffer).At(start);
        while (destination.Length > 0)
        {
            var part = destination[..Math.Min(destination.Length, Staging(destination.Length))];
            _stream.CopyToHost(_staging!.Data, address, part.Length);
            _stream.Synchronize();
            new ReadOnlySpan<byte>(_staging.Data, part.Length).CopyTo(part);
            destination = destination[part.Length..];
            address += (ulong)part.Length;
        }
    }

    public void Write(DeviceBuffer buffer, long start, ReadOnlySpan<byte> source)
    {
        OperatorShapes.Elements(buffer, start, source.Length, nameof(Write));
        var address = Cuda(buffer).At(start);
        while (source.Length > 0)
        {
            var part = source[..Math.Min(source.Length, Staging(source.Length))];
            part.CopyTo(new Span<byte>(_staging!.Data, part.Length));
            _stream.CopyToDevice(address, _staging.Data, part.Length);
            _stream.Synchronize();
            source = source[part.Length..];
            address += (ulong)part.Length;
        }
    }

    public ReadOnlySpan<float> ReadLogits(Matrix logits)
    {
        var count = checked(logits.Rows * logits.Columns);
        Read(logits.Buffer, logits.Offset, count * (long)sizeof(float));
        return new ReadOnlySpan<float>(_staging!.Data, count);
    }

    /// <summary>Queues a copy from page-locked memory, which must stay as it is until that is done.</summary>
    internal void CopyFromHost(Matrix destination, byte* source, long bytes) => _stream.CopyToDevice(Address(destination), source, bytes);

    /// <summary>Queues a copy to page-locked memory.</summary>
    internal void CopyToHost(Matrix source, byte* destination, long bytes) => _stream.CopyToHost(destination, Address(source), bytes);

    /// <summary>Queues a copy of a buffer's first bytes to another device's, into a stream of this one.</summary>
    internal static void CopyToPeer(CudaStream stream, DeviceBuffer from, CudaBackend peer, DeviceBuffer to, long bytes) =>
        stream.CopyToPeer(Cuda(to).Address, peer._context, Cuda(from).Address, bytes);

    /// <summary>Waits until everything queued is done.</summary>
    public void Synchronize() => _stream.Synchronize();

    public void Dispose()
    {
        _graphs.Dispose();
        _sampler?.Dispose();
        _scratch.Dispose();
        _step.Dispose();
        _lanes.Dispose();
        _blas.Dispose();
        _maps.Dispose();
        _modules.Dispose();
        _staging?.Dispose();
        _addresses?.Dispose();
        _high?.Dispose();
        _low?.Dispose();
        _stream.Dispose();
        _context.Dispose();
    }

    private static CudaBuffer Cuda(DeviceBuffer buffer) => (CudaBuffer)buffer;

    private static ulong Address(Matrix x) => Cuda(x.Buffer).At(x.Offset);

    private static ulong Address(Weight weight) => ((CudaWeight)weight).Address;

    private static int Type(Matrix x) => TypeCode.Of(x.Buffer.Type);

    /// <summary>Leaves the bytes in the staging memory, all at once.</summary>
    private void Read(DeviceBuffer buffer, long start, long bytes)
    {
        Reserve(bytes);
        _stream.CopyToHost(_staging!.Data, Cuda(buffer).At(start), bytes);
        _stream.Synchronize();
    }

    private void Reserve(long bytes)
    {
        if (_staging is null || _staging.Bytes < bytes)
        {
            _staging?.Dispose();
            _staging = new PinnedMemory(_context, bytes);
        }
    }

    /// <summary>Makes staging memory for up to 16 MiB at a time.</summary>
    private int Staging(int bytes)
    {
        const int Largest = 16 << 20;
        var wanted = Math.Clamp(bytes, 1 << 16, Largest);
        if (_staging is null || _staging.Bytes < wanted)
        {
            _staging?.Dispose();
            _staging = new PinnedMemory(_context, wanted);
        }

        return (int)Math.Min(_staging.Bytes, Largest);
    }
}
