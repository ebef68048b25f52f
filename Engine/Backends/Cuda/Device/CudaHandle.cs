using System.Runtime.InteropServices;

namespace OrleansLM.Engine.Backends.Cuda.Device;

/// <summary>A thing of the driver that has to be given back, once, with its context current.</summary>
internal abstract class CudaHandle : SafeHandle
{
    protected CudaHandle(CudaContext context, nint value)
        : base(0, ownsHandle: true)
    {
        Context = context;
        SetHandle(value);
    }

    public CudaContext Context { get; }

    public nint Value => handle;

    public override bool IsInvalid => handle == 0;

    /// <returns>The driver's status.</returns>
    protected abstract int Free(nint value);

    protected override bool ReleaseHandle()
    {
        // A context that is gone took everything in it along.
        if (Context.Handle == 0)
        {
            return true;
        }

        Context.MakeCurrent();
        return Free(handle) == 0;
    }
}
