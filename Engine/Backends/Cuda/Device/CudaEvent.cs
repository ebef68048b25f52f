using OrleansLM.Engine.Backends.Cuda.Native;

namespace OrleansLM.Engine.Backends.Cuda.Device;

/// <summary>A mark in a stream that others wait for, or that times are taken between.</summary>
internal sealed unsafe class CudaEvent(CudaContext context, bool timing = false) : CudaHandle(context, Create(context, timing))
{
    private const uint DisableTiming = 2;

    public void Record(CudaStream stream)
    {
        Context.MakeCurrent();
        Context.Driver.Check(Context.Driver.EventRecord(Value, stream.Value), "cuEventRecord");
    }

    /// <summary>The work before the mark is done.</summary>
    public bool IsDone
    {
        get
        {
            Context.MakeCurrent();
            var status = Context.Driver.EventQuery(Value);
            Context.Driver.Check(status == DriverApi.NotReady ? 0 : status, "cuEventQuery", $"device {Context.Info.Ordinal}; work queued before it failed");
            return status == 0;
        }
    }

    /// <summary>Waits until the work before the mark is done.</summary>
    public void Synchronize()
    {
        Context.MakeCurrent();
        Context.Driver.Check(Context.Driver.EventSynchronize(Value), "cuEventSynchronize", $"device {Context.Info.Ordinal}; work queued before it failed");
    }

    /// <summary>Milliseconds on the device from <paramref name="start"/> to this; both must be done and made with timing.</summary>
    public float MillisecondsSince(CudaEvent start)
    {
        Context.MakeCurrent();
        float milliseconds;
        Context.Driver.Check(Context.Driver.EventElapsedTime(&milliseconds, start.Value, Value), "cuEventElapsedTime");
        return milliseconds;
    }

    protected override int Free(nint value) => Context.Driver.EventDestroy(value);

    private static nint Create(CudaContext context, bool timing)
    {
        context.MakeCurrent();
        nint handle;
        context.Driver.Check(context.Driver.EventCreate(&handle, timing ? 0 : DisableTiming), "cuEventCreate");
        return handle;
    }
}
