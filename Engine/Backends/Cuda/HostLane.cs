using OrleansLM.Engine.Backends.Cuda.Device;

namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>What one thread moves pieces with: two pinned buffers, so that one is filled while the other is on the bus.</summary>
internal sealed class HostLane(CudaContext context, int bytes) : IDisposable
{
    private readonly HostSlot[] _slots = [new(context, bytes), new(context, bytes)];
    private int _next;

    /// <summary>The buffer that was used longer ago; what it was used for is over.</summary>
    public HostSlot Take()
    {
        var slot = _slots[_next++ & 1];
        slot.Done.Synchronize();
        return slot;
    }

    public void Dispose()
    {
        foreach (var slot in _slots)
        {
            slot.Dispose();
        }
    }
}
