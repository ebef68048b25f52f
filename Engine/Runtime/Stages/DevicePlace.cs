using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Backends.Cuda;
using OrleansLM.Engine.Backends.Cuda.Device;
using OrleansLM.Engine.Runtime.Links;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>
/// One frame on its way through a GPU: hidden states come from pinned memory and go there, behind each other in the device's queue; once the mark behind them is reached the frame can leave.
/// </summary>
internal sealed unsafe class DevicePlace(CudaBackend backend) : IDisposable
{
    private readonly CudaEvent _done = new(backend.Context);
    private PinnedMemory? _in;
    private PinnedMemory? _out;
    private int _outFloats;
    private DataType _outType;
    private bool _isMarked;

    /// <summary>What goes on; hidden states are added when they are there.</summary>
    public FrameWriter Frame { get; } = new();

    public FrameKind Kind { get; set; }

    public long Step { get; set; }

    /// <summary>Where it goes, on the sender's thread.</summary>
    public Action<FrameKind, long, FrameWriter>? Target { get; set; }

    /// <summary>When its work was queued, in ticks of <see cref="System.Diagnostics.Stopwatch"/>.</summary>
    public long Queued { get; set; }

    /// <summary>Nothing is on the way.</summary>
    public void Clear()
    {
        Frame.Clear();
        (_outFloats, _isMarked) = (0, false);
    }

    /// <summary>Queues the way in of hidden states [T, C] as they came.</summary>
    /// <exception cref="InvalidDataException">They are of another size.</exception>
    public void Receive(ReadOnlySpan<byte> wire, Matrix hidden, DataType type)
    {
        HiddenWire.Require(wire.Length, hidden, type);
        var count = hidden.Rows * hidden.Columns;
        var floats = Floats(ref _in, count);
        if (type == DataType.Float32)
        {
            wire.CopyTo(System.Runtime.InteropServices.MemoryMarshal.AsBytes(floats));
        }
        else
        {
            HiddenWire.Widen(wire, floats);
        }

        backend.CopyFromHost(hidden, _in!.Data, (long)count * sizeof(float));
    }

    /// <summary>Queues the way out of hidden states [T, C].</summary>
    public void Leave(Matrix hidden, DataType type)
    {
        (_outFloats, _outType) = (hidden.Rows * hidden.Columns, type);
        _ = Floats(ref _out, _outFloats);
        backend.CopyToHost(hidden, _out!.Data, (long)_outFloats * sizeof(float));
    }

    /// <summary>Everything is queued.</summary>
    public void Mark()
    {
        _isMarked = true;
        _done.Record(backend.Stream);
    }

    /// <summary>Any thread: waits for the device and completes the frame.</summary>
    public void Wait()
    {
        if (_isMarked)
        {
            _done.Synchronize();
        }

        if (_outFloats > 0)
        {
            HiddenWire.Write(new ReadOnlySpan<float>(_out!.Data, _outFloats), _outType, Frame);
        }
    }

    public void Dispose()
    {
        _in?.Dispose();
        _out?.Dispose();
        _done.Dispose();
    }

    private Span<float> Floats(ref PinnedMemory? memory, int count)
    {
        var bytes = (long)count * sizeof(float);
        if (memory is null || memory.Bytes < bytes)
        {
            memory?.Dispose();
            memory = null;
            memory = new PinnedMemory(backend.Context, (long)System.Numerics.BitOperations.RoundUpToPowerOf2((ulong)Math.Max(bytes, 1 << 16)));
        }

        return new Span<float>(memory.Data, count);
    }
}
