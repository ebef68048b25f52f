using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Backends;

/// <summary>A block of memory of one device, owned by whoever allocated it. 64-byte aligned at least.</summary>
public abstract class DeviceBuffer(DataType type, long length) : IDisposable
{
    public DataType Type { get; } = type;

    /// <summary>Number of elements.</summary>
    public long Length { get; } = length;

    public long SizeInBytes => Length * Type.SizeInBytes();

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Dispose(bool disposing);
}
