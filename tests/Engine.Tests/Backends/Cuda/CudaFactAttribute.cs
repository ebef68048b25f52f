namespace OrleansLM.Engine.Tests.Backends.Cuda;

/// <summary>A test that needs GPUs; skipped by name, with the reason, where there are not enough.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class CudaFactAttribute : FactAttribute
{
    public CudaFactAttribute(int devices = 1)
    {
        Devices = devices;
        Skip = CudaMachine.WhyNot(devices);
    }

    public int Devices { get; }
}
