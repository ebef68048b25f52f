namespace OrleansLM.Engine.Backends.Cuda.Native;

/// <summary>CUDA cannot be used on this machine; the message says which part is missing, why, and what works without it.</summary>
public sealed class CudaUnavailableException : ArgumentException
{
    public CudaUnavailableException(string message)
        : base($"CUDA is not available: {message} The cpu backend works without it.")
    {
    }
}
