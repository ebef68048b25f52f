namespace OrleansLM.Engine.Backends.Cuda.Native;

/// <summary>A call into a CUDA library failed. The message names the call, what it was about and the library's own words.</summary>
public sealed class CudaException(string call, int status, string reason, string detail)
    : Exception($"{call}{(detail.Length > 0 ? $" ({detail})" : "")} failed: {reason}")
{
    /// <summary>The library function.</summary>
    public string Call { get; } = call;

    /// <summary>The library's status code.</summary>
    public int Status { get; } = status;
}
