using System.Runtime.InteropServices;

namespace OrleansLM.Engine.Backends.Cuda.Native;

/// <summary>The functions of the run-time compiler that are used.</summary>
internal sealed unsafe class NvrtcApi
{
    public readonly delegate* unmanaged<int*, int*, int> Version;
    public readonly delegate* unmanaged<nint*, byte*, byte*, int, byte**, byte**, int> CreateProgram;
    public readonly delegate* unmanaged<nint, int, byte**, int> CompileProgram;
    public readonly delegate* unmanaged<nint, nuint*, int> GetCubinSize;
    public readonly delegate* unmanaged<nint, byte*, int> GetCubin;
    public readonly delegate* unmanaged<nint, nuint*, int> GetLogSize;
    public readonly delegate* unmanaged<nint, byte*, int> GetLog;
    public readonly delegate* unmanaged<nint*, int> DestroyProgram;
    private readonly delegate* unmanaged<int, byte*> _getErrorString;

    private NvrtcApi(NativeLibraryFile library)
    {
        Version = (delegate* unmanaged<int*, int*, int>)library.Export("nvrtcVersion");
        CreateProgram = (delegate* unmanaged<nint*, byte*, byte*, int, byte**, byte**, int>)library.Export("nvrtcCreateProgram");
        CompileProgram = (delegate* unmanaged<nint, int, byte**, int>)library.Export("nvrtcCompileProgram");
        GetCubinSize = (delegate* unmanaged<nint, nuint*, int>)library.Export("nvrtcGetCUBINSize");
        GetCubin = (delegate* unmanaged<nint, byte*, int>)library.Export("nvrtcGetCUBIN");
        GetLogSize = (delegate* unmanaged<nint, nuint*, int>)library.Export("nvrtcGetProgramLogSize");
        GetLog = (delegate* unmanaged<nint, byte*, int>)library.Export("nvrtcGetProgramLog");
        DestroyProgram = (delegate* unmanaged<nint*, int>)library.Export("nvrtcDestroyProgram");
        _getErrorString = (delegate* unmanaged<int, byte*>)library.Export("nvrtcGetErrorString");
    }

    public static NvrtcApi Load() =>
        new(NativeLibraryFile.Load("kernels cannot be compiled", "libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so", "nvrtc64_130_0.dll", "nvrtc64_120_0.dll"));

    public void Check(int status, string call, string detail)
    {
        if (status != 0)
        {
            throw new CudaException(call, status, Marshal.PtrToStringUTF8((nint)_getErrorString(status)) ?? $"status {status}", detail);
        }
    }
}
