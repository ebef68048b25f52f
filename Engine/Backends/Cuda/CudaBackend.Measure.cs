using OrleansLM.Engine.Backends.Cuda.Device;

namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>What benches ask of a device.</summary>
public sealed unsafe partial class CudaBackend
{
    /// <summary>Median seconds that the device spends on what <paramref name="work"/> queues.</summary>
    public double Time(int rounds, Action work)
    {
        using var start = new CudaEvent(_context, timing: true);
        using var end = new CudaEvent(_context, timing: true);
        var samples = new float[rounds];
        work();
        for (var i = 0; i < rounds; i++)
        {
            start.Record(_stream);
            work();
            end.Record(_stream);
            end.Synchronize();
            samples[i] = end.MillisecondsSince(start);
        }

        Array.Sort(samples);
        return samples[rounds / 2] / 1e3;
    }

    /// <summary>Bytes a second from pinned host memory to the device and back.</summary>
    public (double Up, double Down) BusRates(long bytes, int rounds)
    {
        using var host = new PinnedMemory(_context, bytes);
        using var device = new DeviceMemory(_context, bytes);
        var up = Time(rounds, () => _stream.CopyToDevice(device.Address, host.Data, bytes));
        var down = Time(rounds, () => _stream.CopyToHost(host.Data, device.Address, bytes));
        return (bytes / up, bytes / down);
    }
}
