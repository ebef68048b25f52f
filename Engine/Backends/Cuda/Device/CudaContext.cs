using OrleansLM.Engine.Backends.Cuda.Native;

namespace OrleansLM.Engine.Backends.Cuda.Device;

/// <summary>One device in use: its primary context, retained. Objects of a context keep it; every call into the driver makes it the thread's current one first.</summary>
internal sealed unsafe class CudaContext : IDisposable
{
    private readonly int _device;
    private nint _handle;

    public CudaContext(CudaDevices devices, int ordinal)
    {
        Driver = devices.Driver;
        Info = devices.Require(ordinal);
        int device;
        Driver.Check(Driver.DeviceGet(&device, ordinal), "cuDeviceGet", $"ordinal {ordinal}");
        _device = device;
        nint handle;
        Driver.Check(Driver.PrimaryCtxRetain(&handle, device), "cuDevicePrimaryCtxRetain", $"device {ordinal}");
        _handle = handle;
    }

    public DriverApi Driver { get; }

    public CudaDeviceInfo Info { get; }

    public nint Handle => _handle;

    /// <summary>Bytes that are free on the device now; other processes count too.</summary>
    public long FreeBytes
    {
        get
        {
            MakeCurrent();
            nuint free, total;
            Driver.Check(Driver.MemGetInfo(&free, &total), "cuMemGetInfo", Info.Name);
            return (long)free;
        }
    }

    public void MakeCurrent()
    {
        ObjectDisposedException.ThrowIf(_handle == 0, this);
        Driver.Check(Driver.CtxSetCurrent(_handle), "cuCtxSetCurrent", $"device {Info.Ordinal}");
    }

    /// <summary>Lets kernels and copies of this device reach the other's memory, where the hardware can.</summary>
    /// <returns>False when it cannot: copies then go through the host.</returns>
    public bool TryEnablePeer(CudaContext peer)
    {
        const int AlreadyEnabled = 704;
        if (!Info.Peers.Contains(peer.Info.Ordinal))
        {
            return false;
        }

        MakeCurrent();
        var status = Driver.CtxEnablePeerAccess(peer.Handle, 0);
        Driver.Check(status == AlreadyEnabled ? 0 : status, "cuCtxEnablePeerAccess", $"device {Info.Ordinal} to {peer.Info.Ordinal}");
        return true;
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _handle, 0) != 0)
        {
            _ = Driver.PrimaryCtxRelease(_device);
        }
    }
}
