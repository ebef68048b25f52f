using System.Diagnostics;
using System.Runtime.InteropServices;
using OrleansLM.Engine.Backends.Cuda.Device;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>
/// Brings weights from files to a device, in pieces that several threads copy while others are on the bus. Vectors become f32, matrices bf16 or stay as wide as they
/// are where products take them so (<see cref="CudaOptions.Activations"/>); matrices are converted on the device.
/// </summary>
internal sealed unsafe class WeightUploader(CudaContext context, CudaStream stream, GenericKernels kernels, HostLanes lanes, bool narrow)
{
    private const int MaxVector = HostLanes.PieceBytes / sizeof(float);

    private readonly Lock _queue = new();

    /// <summary>Bytes read from files so far.</summary>
    public long UploadedBytes { get; private set; }

    /// <summary>What a tensor's elements are on the device.</summary>
    public DataType TypeOf(HostTensor tensor) =>
        tensor.Rows == 1 || (!narrow && tensor.Type != DataType.BFloat16) ? DataType.Float32 : DataType.BFloat16;

    /// <summary>Seconds that this took, the allocation of the weights' memory included.</summary>
    public double Seconds { get; private set; }

    /// <summary>Queues the upload; the tensor's memory has been read when this returns.</summary>
    public DeviceMemory Upload(HostTensor tensor)
    {
        var began = Stopwatch.GetTimestamp();
        var target = TypeOf(tensor);
        var memory = new DeviceMemory(context, (long)tensor.Rows * tensor.Columns * target.SizeInBytes());
        try
        {
            if (tensor.Rows == 1 && tensor.Columns <= MaxVector)
            {
                SendVector(tensor, memory.Address);
            }
            else
            {
                Send(tensor, target, memory.Address);
            }

            UploadedBytes += tensor.SizeInBytes;
            Seconds += Stopwatch.GetElapsedTime(began).TotalSeconds;
            return memory;
        }
        catch
        {
            stream.Synchronize();
            memory.Dispose();
            throw;
        }
    }

    /// <summary>A vector that fits a piece is widened here: no kernel has to be there for it.</summary>
    private void SendVector(HostTensor tensor, ulong destination) => lanes.Run(1, (lane, _) =>
    {
        var raw = new byte[tensor.SizeInBytes];
        tensor.CopyTo(0, raw);
        var slot = lane.Take();
        var values = MemoryMarshal.Cast<byte, float>(slot.Span(tensor.Columns * sizeof(float)));
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = tensor.Type == DataType.Float32
                ? MemoryMarshal.Cast<byte, float>(raw)[i]
                : Float16Bits.ToSingle(MemoryMarshal.Cast<byte, ushort>(raw)[i], tensor.Type);
        }

        stream.CopyToDevice(destination, slot.Data, (long)values.Length * sizeof(float));
        slot.Done.Record(stream);
    });

    private void Send(HostTensor tensor, DataType target, ulong destination)
    {
        var size = tensor.Type.SizeInBytes();
        var piece = lanes.PieceOf(tensor.SizeInBytes);
        var convert = tensor.Type == target ? null : kernels.Convert;
        lanes.Run((int)((tensor.SizeInBytes + piece - 1) / piece), (lane, index) =>
        {
            var start = (long)index * piece;
            var bytes = (int)Math.Min(piece, tensor.SizeInBytes - start);
            var slot = lane.Take();
            tensor.CopyTo(start, slot.Span(bytes));
            var to = destination + (ulong)(start / size * target.SizeInBytes());
            lock (_queue)
            {
                stream.CopyToDevice(convert is null ? to : slot.Raw, slot.Data, bytes);
                if (convert is not null)
                {
                    Convert(convert, slot.Raw, tensor.Type, to, target, bytes / size);
                }

                slot.Done.Record(stream);
            }
        });
    }

    private void Convert(CudaKernel convert, ulong from, DataType type, ulong to, DataType target, long count) => convert.Launch(
        stream, LaunchShape.Of(Math.Min((count + 255) / 256, 8L * context.Info.MultiprocessorCount), 256), from, TypeCode.Of(type), to, TypeCode.Of(target), count);
}
