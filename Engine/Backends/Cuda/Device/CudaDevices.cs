using System.Text;
using OrleansLM.Engine.Backends.Cuda.Native;

namespace OrleansLM.Engine.Backends.Cuda.Device;

/// <summary>The driver and its GPUs. Made once by whoever wants to use CUDA; nothing of CUDA is loaded before.</summary>
public sealed class CudaDevices
{
    /// <summary>Compute capability 8.0: the first with bf16 matrix units.</summary>
    private const int OldestCapability = 80;

    private const int MultiprocessorCount = 16;
    private const int L2CacheSize = 38;
    private const int CapabilityMajor = 75;
    private const int CapabilityMinor = 76;
    private const int SharedPerBlockOptin = 97;

    private CudaDevices(DriverApi driver, int driverVersion, CudaDeviceInfo[] all)
    {
        Driver = driver;
        DriverVersion = driverVersion;
        All = all;
    }

    public IReadOnlyList<CudaDeviceInfo> All { get; }

    /// <summary>CUDA version of the driver: 13000 for 13.0.</summary>
    public int DriverVersion { get; }

    internal DriverApi Driver { get; }

    /// <exception cref="CudaUnavailableException">No driver, one that is too old, or no device; the message says which.</exception>
    public static unsafe CudaDevices Load()
    {
        var driver = DriverApi.Load();
        int version, count;
        driver.Check(driver.DriverGetVersion(&version), "cuDriverGetVersion");
        driver.Check(driver.DeviceGetCount(&count), "cuDeviceGetCount");
        var devices = new CudaDeviceInfo[count];
        for (var ordinal = 0; ordinal < devices.Length; ordinal++)
        {
            devices[ordinal] = Describe(driver, ordinal, devices.Length);
        }

        return devices.Length > 0 ? new CudaDevices(driver, version, devices) : throw new CudaUnavailableException("the driver sees no device.");
    }

    /// <summary>The devices, or an empty list and the reason.</summary>
    public static CudaDevices? TryLoad(out string reason)
    {
        try
        {
            reason = "";
            return Load();
        }
        catch (CudaUnavailableException error)
        {
            reason = error.Message;
            return null;
        }
    }

    /// <exception cref="CudaUnavailableException">No such device, or one that is too old.</exception>
    public CudaDeviceInfo Require(int ordinal)
    {
        var info = ordinal >= 0 && ordinal < All.Count
            ? All[ordinal]
            : throw new CudaUnavailableException($"device {ordinal} was asked for; this machine has {All.Count}: {string.Join(", ", All.Select(device => $"{device.Ordinal} ({device.Name})"))}.");
        return info.ComputeCapability >= OldestCapability
            ? info
            : throw new CudaUnavailableException($"device {ordinal} ({info.Name}) has compute capability {info.ComputeCapability / 10.0:F1}; at least 8.0 is needed for bf16 matrix units.");
    }

    private static unsafe CudaDeviceInfo Describe(DriverApi driver, int ordinal, int count)
    {
        int device;
        driver.Check(driver.DeviceGet(&device, ordinal), "cuDeviceGet", $"ordinal {ordinal}");
        nuint memory;
        driver.Check(driver.DeviceTotalMem(&memory, device), "cuDeviceTotalMem", $"device {ordinal}");
        var name = stackalloc byte[256];
        driver.Check(driver.DeviceGetName(name, 256, device), "cuDeviceGetName", $"device {ordinal}");
        return new CudaDeviceInfo
        {
            Ordinal = ordinal,
            Name = Encoding.UTF8.GetString(name, new ReadOnlySpan<byte>(name, 256).IndexOf((byte)0)),
            MemoryBytes = (long)memory,
            MultiprocessorCount = Attribute(driver, device, MultiprocessorCount),
            ComputeCapability = Attribute(driver, device, CapabilityMajor) * 10 + Attribute(driver, device, CapabilityMinor),
            SharedBytesPerBlock = Attribute(driver, device, SharedPerBlockOptin),
            L2Bytes = Attribute(driver, device, L2CacheSize),
            Peers = Peers(driver, ordinal, device, count),
        };
    }

    private static int[] Peers(DriverApi driver, int ordinal, int device, int count) =>
        [.. Enumerable.Range(0, count).Where(peer => peer != ordinal && CanReach(driver, device, peer))];

    private static unsafe int Attribute(DriverApi driver, int device, int attribute)
    {
        int value;
        driver.Check(driver.DeviceGetAttribute(&value, attribute, device), "cuDeviceGetAttribute", $"attribute {attribute} of device {device}");
        return value;
    }

    private static unsafe bool CanReach(DriverApi driver, int device, int peerOrdinal)
    {
        int peer, can;
        driver.Check(driver.DeviceGet(&peer, peerOrdinal), "cuDeviceGet", $"ordinal {peerOrdinal}");
        driver.Check(driver.DeviceCanAccessPeer(&can, device, peer), "cuDeviceCanAccessPeer", $"devices {device} and {peer}");
        return can != 0;
    }
}
