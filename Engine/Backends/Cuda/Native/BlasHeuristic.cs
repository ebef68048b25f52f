using System.Runtime.InteropServices;

namespace OrleansLM.Engine.Backends.Cuda.Native;

/// <summary>cublasLtMatmulHeuristicResult_t: an algorithm (64 opaque bytes) and what it needs.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct BlasHeuristic
{
    public fixed ulong Algorithm[8];
    public nuint WorkspaceBytes;
    public int State;
    public float Waves;
    public fixed int Reserved[4];
}
