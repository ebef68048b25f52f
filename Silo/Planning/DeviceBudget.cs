namespace OrleansLM.Silo.Planning;

/// <summary>What of a device is given away while a plan is made.</summary>
internal sealed class DeviceBudget(DeviceView device)
{
    private int _stages;

    public DeviceView Device { get; } = device;

    public long FreeBytes { get; private set; } = device.Bytes;

    /// <summary>Speed that one more stage would find: those that are there compute as well.</summary>
    public double ShareBytesPerSecond => Device.BytesPerSecond / (1 + _stages);

    public void Take(long bytes)
    {
        FreeBytes -= bytes;
        _stages++;
    }

    public void GiveBack(long bytes)
    {
        FreeBytes += bytes;
        _stages--;
    }
}
