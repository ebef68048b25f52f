namespace OrleansLM.Engine.Backends.Cuda.Device;

/// <summary>A queue of work of one device, in order. It does not wait for the null stream, nor the null stream for it.</summary>
internal sealed unsafe class CudaStream(CudaContext context) : CudaHandle(context, Create(context))
{
    private const uint NonBlocking = 1;

    /// <summary>Waits until everything queued is done; an error of earlier work shows here.</summary>
    public void Synchronize()
    {
        Context.MakeCurrent();
        Context.Driver.Check(Context.Driver.StreamSynchronize(Value), "cuStreamSynchronize", $"device {Context.Info.Ordinal}; work queued before it failed");
    }

    /// <summary>What is queued from now on waits for the event, which may be another device's.</summary>
    public void Wait(CudaEvent other)
    {
        Context.MakeCurrent();
        Context.Driver.Check(Context.Driver.StreamWaitEvent(Value, other.Value, 0), "cuStreamWaitEvent");
    }

    public void CopyToDevice(ulong destination, void* source, long bytes)
    {
        Context.MakeCurrent();
        Context.Driver.Check(Context.Driver.MemcpyHtoDAsync(destination, source, (nuint)bytes, Value), "cuMemcpyHtoDAsync", $"{bytes} bytes");
    }

    public void CopyToHost(void* destination, ulong source, long bytes)
    {
        Context.MakeCurrent();
        Context.Driver.Check(Context.Driver.MemcpyDtoHAsync(destination, source, (nuint)bytes, Value), "cuMemcpyDtoHAsync", $"{bytes} bytes");
    }

    public void Copy(ulong destination, ulong source, long bytes)
    {
        Context.MakeCurrent();
        Context.Driver.Check(Context.Driver.MemcpyDtoDAsync(destination, source, (nuint)bytes, Value), "cuMemcpyDtoDAsync", $"{bytes} bytes");
    }

    /// <summary>Copies memory of this stream's device to another one's.</summary>
    public void CopyToPeer(ulong destination, CudaContext peer, ulong source, long bytes)
    {
        Context.MakeCurrent();
        Context.Driver.Check(
            Context.Driver.MemcpyPeerAsync(destination, peer.Handle, source, Context.Handle, (nuint)bytes, Value),
            "cuMemcpyPeerAsync", $"{bytes} bytes from device {Context.Info.Ordinal} to {peer.Info.Ordinal}");
    }

    public void Fill(ulong destination, byte value, long bytes)
    {
        Context.MakeCurrent();
        Context.Driver.Check(Context.Driver.MemsetD8Async(destination, value, (nuint)bytes, Value), "cuMemsetD8Async", $"{bytes} bytes");
    }

    protected override int Free(nint value) => Context.Driver.StreamDestroy(value);

    private static nint Create(CudaContext context)
    {
        context.MakeCurrent();
        nint stream;
        context.Driver.Check(context.Driver.StreamCreate(&stream, NonBlocking), "cuStreamCreate");
        return stream;
    }
}
