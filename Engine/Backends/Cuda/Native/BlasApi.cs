namespace OrleansLM.Engine.Backends.Cuda.Native;

/// <summary>The functions of cuBLASLt that are used, and the numbers of its enumerations.</summary>
internal sealed unsafe class BlasApi
{
    public const int Compute32F = 68;
    public const int Real32F = 0;
    public const int RealBF16 = 14;
    public const int DescTransA = 3;
    public const int OperationTranspose = 1;
    public const int PreferenceMaxWorkspace = 1;
    public const int PreferenceReductionMask = 3;
    public const int AlgoSplitK = 2;
    public const int AlgoReductionScheme = 3;

    public readonly delegate* unmanaged<nint*, int> Create;
    public readonly delegate* unmanaged<nint, int> Destroy;
    public readonly delegate* unmanaged<nint*, int, int, int> MatmulDescCreate;
    public readonly delegate* unmanaged<nint, int> MatmulDescDestroy;
    public readonly delegate* unmanaged<nint, int, void*, nuint, int> MatmulDescSet;
    public readonly delegate* unmanaged<nint*, int, ulong, ulong, long, int> LayoutCreate;
    public readonly delegate* unmanaged<nint, int> LayoutDestroy;
    public readonly delegate* unmanaged<nint*, int> PreferenceCreate;
    public readonly delegate* unmanaged<nint, int> PreferenceDestroy;
    public readonly delegate* unmanaged<nint, int, void*, nuint, int> PreferenceSet;
    public readonly delegate* unmanaged<nint, nint, nint, nint, nint, nint, nint, int, BlasHeuristic*, int*, int> GetHeuristic;
    public readonly delegate* unmanaged<void*, int, void*, nuint, nuint*, int> AlgoGet;
    public readonly delegate* unmanaged<nint, nint, void*, ulong, nint, ulong, nint, void*, ulong, nint, ulong, nint, void*, ulong, nuint, nint, int> Matmul;
    private static readonly string[] Reasons = ["success", "not initialized", "", "allocation failed"];

    private BlasApi(NativeLibraryFile library)
    {
        Create = (delegate* unmanaged<nint*, int>)library.Export("cublasLtCreate");
        Destroy = (delegate* unmanaged<nint, int>)library.Export("cublasLtDestroy");
        MatmulDescCreate = (delegate* unmanaged<nint*, int, int, int>)library.Export("cublasLtMatmulDescCreate");
        MatmulDescDestroy = (delegate* unmanaged<nint, int>)library.Export("cublasLtMatmulDescDestroy");
        MatmulDescSet = (delegate* unmanaged<nint, int, void*, nuint, int>)library.Export("cublasLtMatmulDescSetAttribute");
        LayoutCreate = (delegate* unmanaged<nint*, int, ulong, ulong, long, int>)library.Export("cublasLtMatrixLayoutCreate");
        LayoutDestroy = (delegate* unmanaged<nint, int>)library.Export("cublasLtMatrixLayoutDestroy");
        PreferenceCreate = (delegate* unmanaged<nint*, int>)library.Export("cublasLtMatmulPreferenceCreate");
        PreferenceDestroy = (delegate* unmanaged<nint, int>)library.Export("cublasLtMatmulPreferenceDestroy");
        PreferenceSet = (delegate* unmanaged<nint, int, void*, nuint, int>)library.Export("cublasLtMatmulPreferenceSetAttribute");
        GetHeuristic = (delegate* unmanaged<nint, nint, nint, nint, nint, nint, nint, int, BlasHeuristic*, int*, int>)library.Export("cublasLtMatmulAlgoGetHeuristic");
        AlgoGet = (delegate* unmanaged<void*, int, void*, nuint, nuint*, int>)library.Export("cublasLtMatmulAlgoConfigGetAttribute");
        Matmul = (delegate* unmanaged<nint, nint, void*, ulong, nint, ulong, nint, void*, ulong, nint, ulong, nint, void*, ulong, nuint, nint, int>)library.Export("cublasLtMatmul");
    }

    public static BlasApi Load() =>
        new(NativeLibraryFile.Load("matrix products of many rows cannot be computed", "libcublasLt.so.13", "libcublasLt.so.12", "libcublasLt.so", "cublasLt64_13.dll", "cublasLt64_12.dll"));

    public static void Check(int status, string call, string detail)
    {
        if (status != 0)
        {
            throw new CudaException(call, status, Reason(status), detail);
        }
    }

    private static string Reason(int status) => status switch
    {
        1 or 3 => $"status {status}, {Reasons[status]}",
        7 => "status 7, invalid value",
        8 => "status 8, not supported by the architecture",
        13 => "status 13, execution failed",
        14 => "status 14, internal error",
        15 => "status 15, not supported",
        _ => $"status {status}",
    };
}
