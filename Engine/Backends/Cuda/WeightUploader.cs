using OrleansLM.Engine.Backends.Cuda.Device;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>
/// Brings weights from mapped files to a device: the host copies a piece into one of a few pinned buffers, with several threads, while others are on the
/// bus; other element types are converted on the device.
/// </summary>
internal sealed unsafe class WeightUploader(CudaContext context, CudaStream stream, GenericKernels kernels) : IDisposable
{
    private const int PieceBytes = 32 << 20;
    private const int CopyBytes = 1 << 20;
    private const int Buffers = 3;

    private readonly PinnedMemory?[] _host = new PinnedMemory?[Buffers];
    private readonly CudaEvent?[] _sent = new CudaEvent?[Buffers];
    private readonly DeviceMemory?[] _raw = new DeviceMemory?[Buffers];
    private int _next;

    /// <summary>Bytes read from files so far.</summary>
    public long UploadedBytes { get; private set; }

    /// <summary>Queues the upload; the tensor's memory has been read when this returns.</summary>
    public DeviceMemory Upload(HostTensor tensor)
    {
        var target = tensor.Rows == 1 ? DataType.Float32 : DataType.BFloat16;
        var elements = (long)tensor.Rows * tensor.Columns;
        var memory = new DeviceMemory(context, elements * target.SizeInBytes());
        try
        {
            var pieceElements = PieceBytes / tensor.Type.SizeInBytes();
            for (long start = 0; start < elements; start += pieceElements)
            {
                Send(tensor, start, (int)Math.Min(pieceElements, elements - start), target, memory.Address + (ulong)(start * target.SizeInBytes()));
            }

            return memory;
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        for (var i = 0; i < Buffers; i++)
        {
            _host[i]?.Dispose();
            _sent[i]?.Dispose();
            _raw[i]?.Dispose();
            (_host[i], _sent[i], _raw[i]) = (null, null, null);
        }
    }

    private void Send(HostTensor tensor, long start, int count, DataType target, ulong destination)
    {
        var index = _next++ % Buffers;
        _sent[index]?.Synchronize();
        _sent[index] ??= new CudaEvent(context);
        _host[index] ??= new PinnedMemory(context, PieceBytes);
        var size = tensor.Type.SizeInBytes();
        var bytes = count * size;
        CopyInParallel(tensor.Data + start * size, _host[index]!.Data, bytes);
        if (tensor.Type == target)
        {
            stream.CopyToDevice(destination, _host[index]!.Data, bytes);
        }
        else
        {
            _raw[index] ??= new DeviceMemory(context, PieceBytes);
            stream.CopyToDevice(_raw[index]!.Address, _host[index]!.Data, bytes);
            kernels.Convert.Launch(
                stream, LaunchShape.Of(Math.Min((count + 255) / 256, 8L * context.Info.MultiprocessorCount), 256),
                _raw[index]!.Address, TypeCode.Of(tensor.Type), destination, TypeCode.Of(target), (long)count);
        }

        _sent[index]!.Record(stream);
        UploadedBytes += bytes;
    }

    private static void CopyInParallel(byte* from, byte* to, int bytes)
    {
        if (bytes <= CopyBytes)
        {
            Buffer.MemoryCopy(from, to, bytes, bytes);
            return;
        }

        Parallel.For(0, (bytes + CopyBytes - 1) / CopyBytes, part =>
        {
            var offset = (long)part * CopyBytes;
            var size = Math.Min(CopyBytes, bytes - offset);
            Buffer.MemoryCopy(from + offset, to + offset, size, size);
        });
    }
}
