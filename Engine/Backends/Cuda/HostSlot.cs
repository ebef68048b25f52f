using OrleansLM.Engine.Backends.Cuda.Device;

namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>A pinned buffer, the mark behind its last copy, and room on the device for what has to be converted there.</summary>
internal sealed unsafe class HostSlot(CudaContext context, int bytes) : IDisposable
{
    private readonly PinnedMemory _host = new(context, bytes);
    private DeviceMemory? _raw;

    public byte* Data => _host.Data;

    public CudaEvent Done { get; } = new(context);

    /// <summary>As large as the buffer.</summary>
    public ulong Raw => (_raw ??= new DeviceMemory(context, bytes)).Address;

    public Span<byte> Span(int count) => new(_host.Data, count);

    public void Dispose()
    {
        _host.Dispose();
        _raw?.Dispose();
        Done.Dispose();
    }
}
