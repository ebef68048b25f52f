using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OrleansLM.Engine.Backends.Cuda.Native;

/// <summary>The functions of libcuda that are used, by the names of CUDA's driver API; <see cref="Check(int, string, string)"/> turns a status into an exception.</summary>
internal sealed unsafe class DriverApi
{
    public const int OutOfMemory = 2;
    public const int NotReady = 600;

    public readonly delegate* unmanaged<int*, int> DriverGetVersion;
    public readonly delegate* unmanaged<int*, int> DeviceGetCount;
    public readonly delegate* unmanaged<int*, int, int> DeviceGet;
    public readonly delegate* unmanaged<byte*, int, int, int> DeviceGetName;
    public readonly delegate* unmanaged<nuint*, int, int> DeviceTotalMem;
    public readonly delegate* unmanaged<int*, int, int, int> DeviceGetAttribute;
    public readonly delegate* unmanaged<int*, int, int, int> DeviceCanAccessPeer;
    public readonly delegate* unmanaged<nint*, int, int> PrimaryCtxRetain;
    public readonly delegate* unmanaged<int, int> PrimaryCtxRelease;
    public readonly delegate* unmanaged<nint, int> CtxSetCurrent;
    public readonly delegate* unmanaged<nint, uint, int> CtxEnablePeerAccess;
    public readonly delegate* unmanaged<nuint*, nuint*, int> MemGetInfo;
    public readonly delegate* unmanaged<ulong*, nuint, int> MemAlloc;
    public readonly delegate* unmanaged<ulong, int> MemFree;
    public readonly delegate* unmanaged<void**, nuint, uint, int> MemHostAlloc;
    public readonly delegate* unmanaged<void*, int> MemFreeHost;
    public readonly delegate* unmanaged<ulong, void*, nuint, nint, int> MemcpyHtoDAsync;
    public readonly delegate* unmanaged<void*, ulong, nuint, nint, int> MemcpyDtoHAsync;
    public readonly delegate* unmanaged<ulong, ulong, nuint, nint, int> MemcpyDtoDAsync;
    public readonly delegate* unmanaged<ulong, nint, ulong, nint, nuint, nint, int> MemcpyPeerAsync;
    public readonly delegate* unmanaged<ulong, byte, nuint, nint, int> MemsetD8Async;
    public readonly delegate* unmanaged<nint*, uint, int> StreamCreate;
    public readonly delegate* unmanaged<nint, int> StreamDestroy;
    public readonly delegate* unmanaged<nint, int> StreamSynchronize;
    public readonly delegate* unmanaged<nint, nint, uint, int> StreamWaitEvent;
    public readonly delegate* unmanaged<nint, int, int> StreamBeginCapture;
    public readonly delegate* unmanaged<nint, nint*, int> StreamEndCapture;
    public readonly delegate* unmanaged<nint*, uint, int> EventCreate;
    public readonly delegate* unmanaged<nint, int> EventDestroy;
    public readonly delegate* unmanaged<nint, nint, int> EventRecord;
    public readonly delegate* unmanaged<nint, int> EventSynchronize;
    public readonly delegate* unmanaged<nint, int> EventQuery;
    public readonly delegate* unmanaged<float*, nint, nint, int> EventElapsedTime;
    public readonly delegate* unmanaged<nint*, void*, int> ModuleLoadData;
    public readonly delegate* unmanaged<nint, int> ModuleUnload;
    public readonly delegate* unmanaged<nint*, nint, byte*, int> ModuleGetFunction;
    public readonly delegate* unmanaged<nint, int, int, int> FuncSetAttribute;
    public readonly delegate* unmanaged<int*, int, nint, int> FuncGetAttribute;

    /// <summary>Since CUDA 12.4; null before.</summary>
    public readonly delegate* unmanaged<nint, nuint, nuint*, nuint*, int> FuncGetParamInfo;
    public readonly delegate* unmanaged<LaunchConfig*, nint, void**, void**, int> LaunchKernelEx;
    public readonly delegate* unmanaged<nint*, nint, ulong, int> GraphInstantiate;
    public readonly delegate* unmanaged<nint, nint, int> GraphLaunch;
    public readonly delegate* unmanaged<nint, int> GraphExecDestroy;
    public readonly delegate* unmanaged<nint, int> GraphDestroy;
    public readonly delegate* unmanaged<nint, nint*, nuint*, int> GraphGetNodes;
    public readonly delegate* unmanaged<void*, int, uint, ulong, ulong*, ulong*, uint*, uint*, int, int, int, int, int> TensorMapEncodeTiled;
    private readonly delegate* unmanaged<int, byte**, int> _getErrorName;
    private readonly delegate* unmanaged<int, byte**, int> _getErrorString;

    private DriverApi(NativeLibraryFile library)
    {
        _getErrorName = (delegate* unmanaged<int, byte**, int>)library.Export("cuGetErrorName");
        _getErrorString = (delegate* unmanaged<int, byte**, int>)library.Export("cuGetErrorString");
        DriverGetVersion = (delegate* unmanaged<int*, int>)library.Export("cuDriverGetVersion");
        DeviceGetCount = (delegate* unmanaged<int*, int>)library.Export("cuDeviceGetCount");
        DeviceGet = (delegate* unmanaged<int*, int, int>)library.Export("cuDeviceGet");
        DeviceGetName = (delegate* unmanaged<byte*, int, int, int>)library.Export("cuDeviceGetName");
        DeviceTotalMem = (delegate* unmanaged<nuint*, int, int>)library.Export("cuDeviceTotalMem_v2");
        DeviceGetAttribute = (delegate* unmanaged<int*, int, int, int>)library.Export("cuDeviceGetAttribute");
        DeviceCanAccessPeer = (delegate* unmanaged<int*, int, int, int>)library.Export("cuDeviceCanAccessPeer");
        PrimaryCtxRetain = (delegate* unmanaged<nint*, int, int>)library.Export("cuDevicePrimaryCtxRetain");
        PrimaryCtxRelease = (delegate* unmanaged<int, int>)library.Export("cuDevicePrimaryCtxRelease_v2");
        CtxSetCurrent = (delegate* unmanaged<nint, int>)library.Export("cuCtxSetCurrent");
        CtxEnablePeerAccess = (delegate* unmanaged<nint, uint, int>)library.Export("cuCtxEnablePeerAccess");
        MemGetInfo = (delegate* unmanaged<nuint*, nuint*, int>)library.Export("cuMemGetInfo_v2");
        MemAlloc = (delegate* unmanaged<ulong*, nuint, int>)library.Export("cuMemAlloc_v2");
        MemFree = (delegate* unmanaged<ulong, int>)library.Export("cuMemFree_v2");
        MemHostAlloc = (delegate* unmanaged<void**, nuint, uint, int>)library.Export("cuMemHostAlloc");
        MemFreeHost = (delegate* unmanaged<void*, int>)library.Export("cuMemFreeHost");
        MemcpyHtoDAsync = (delegate* unmanaged<ulong, void*, nuint, nint, int>)library.Export("cuMemcpyHtoDAsync_v2");
        MemcpyDtoHAsync = (delegate* unmanaged<void*, ulong, nuint, nint, int>)library.Export("cuMemcpyDtoHAsync_v2");
        MemcpyDtoDAsync = (delegate* unmanaged<ulong, ulong, nuint, nint, int>)library.Export("cuMemcpyDtoDAsync_v2");
        MemcpyPeerAsync = (delegate* unmanaged<ulong, nint, ulong, nint, nuint, nint, int>)library.Export("cuMemcpyPeerAsync");
        MemsetD8Async = (delegate* unmanaged<ulong, byte, nuint, nint, int>)library.Export("cuMemsetD8Async");
        StreamCreate = (delegate* unmanaged<nint*, uint, int>)library.Export("cuStreamCreate");
        StreamDestroy = (delegate* unmanaged<nint, int>)library.Export("cuStreamDestroy_v2");
        StreamSynchronize = (delegate* unmanaged<nint, int>)library.Export("cuStreamSynchronize");
        StreamWaitEvent = (delegate* unmanaged<nint, nint, uint, int>)library.Export("cuStreamWaitEvent");
        StreamBeginCapture = (delegate* unmanaged<nint, int, int>)library.Export("cuStreamBeginCapture_v2");
        StreamEndCapture = (delegate* unmanaged<nint, nint*, int>)library.Export("cuStreamEndCapture");
        EventCreate = (delegate* unmanaged<nint*, uint, int>)library.Export("cuEventCreate");
        EventDestroy = (delegate* unmanaged<nint, int>)library.Export("cuEventDestroy_v2");
        EventRecord = (delegate* unmanaged<nint, nint, int>)library.Export("cuEventRecord");
        EventSynchronize = (delegate* unmanaged<nint, int>)library.Export("cuEventSynchronize");
        EventQuery = (delegate* unmanaged<nint, int>)library.Export("cuEventQuery");
        EventElapsedTime = (delegate* unmanaged<float*, nint, nint, int>)library.Export("cuEventElapsedTime");
        ModuleLoadData = (delegate* unmanaged<nint*, void*, int>)library.Export("cuModuleLoadData");
        ModuleUnload = (delegate* unmanaged<nint, int>)library.Export("cuModuleUnload");
        ModuleGetFunction = (delegate* unmanaged<nint*, nint, byte*, int>)library.Export("cuModuleGetFunction");
        FuncSetAttribute = (delegate* unmanaged<nint, int, int, int>)library.Export("cuFuncSetAttribute");
        FuncGetAttribute = (delegate* unmanaged<int*, int, nint, int>)library.Export("cuFuncGetAttribute");
        FuncGetParamInfo = (delegate* unmanaged<nint, nuint, nuint*, nuint*, int>)library.TryExport("cuFuncGetParamInfo");
        LaunchKernelEx = (delegate* unmanaged<LaunchConfig*, nint, void**, void**, int>)library.Export("cuLaunchKernelEx");
        GraphInstantiate = (delegate* unmanaged<nint*, nint, ulong, int>)library.Export("cuGraphInstantiateWithFlags");
        GraphLaunch = (delegate* unmanaged<nint, nint, int>)library.Export("cuGraphLaunch");
        GraphExecDestroy = (delegate* unmanaged<nint, int>)library.Export("cuGraphExecDestroy");
        GraphDestroy = (delegate* unmanaged<nint, int>)library.Export("cuGraphDestroy");
        GraphGetNodes = (delegate* unmanaged<nint, nint*, nuint*, int>)library.Export("cuGraphGetNodes");
        TensorMapEncodeTiled = (delegate* unmanaged<void*, int, uint, ulong, ulong*, ulong*, uint*, uint*, int, int, int, int, int>)library.Export("cuTensorMapEncodeTiled");
        Initialize((delegate* unmanaged<uint, int>)library.Export("cuInit"));
    }

    /// <summary>Loads and initializes the driver.</summary>
    /// <exception cref="CudaUnavailableException">No driver, one that is too old, or none that sees a device.</exception>
    public static DriverApi Load() => new(NativeLibraryFile.Load("without NVIDIA's driver no GPU can be used", "libcuda.so.1", "libcuda.so", "nvcuda.dll"));

    /// <param name="status">What the call returned.</param>
    /// <param name="call">The function.</param>
    /// <param name="detail">What it was about: kernel, shapes, sizes.</param>
    public void Check(int status, string call, string detail = "")
    {
        if (status != 0)
        {
            throw Failure(status, call, detail);
        }
    }

    /// <param name="status">What the call returned.</param>
    /// <param name="call">Its name.</param>
    /// <param name="detail">What it was about.</param>
    /// <exception cref="CudaException">The call failed.</exception>
    public void Check(int status, string call, [InterpolatedStringHandlerArgument(nameof(status))] ref FailureDetail detail)
    {
        if (status != 0)
        {
            throw Failure(status, call, detail.Take());
        }
    }

    public string Reason(int status) => $"{Text(_getErrorName, status)}: {Text(_getErrorString, status)}";

    private Exception Failure(int status, string call, string detail)
    {
        var failure = new CudaException(call, status, Reason(status), detail);
        return status == OutOfMemory ? new InsufficientMemoryException(failure.Message, failure) : failure;
    }

    private void Initialize(delegate* unmanaged<uint, int> init)
    {
        var status = init(0);
        if (status != 0)
        {
            throw new CudaUnavailableException($"cuInit says {Reason(status)}.");
        }
    }

    private static string Text(delegate* unmanaged<int, byte**, int> function, int status)
    {
        byte* text = null;
        return function(status, &text) == 0 && text is not null ? Marshal.PtrToStringUTF8((nint)text)! : $"status {status}";
    }
}
