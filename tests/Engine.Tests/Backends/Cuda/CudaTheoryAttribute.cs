namespace OrleansLM.Engine.Tests.Backends.Cuda;

/// <summary>Cases that need GPUs; skipped by name, with the reason, where there are not enough.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class CudaTheoryAttribute : TheoryAttribute
{
    public CudaTheoryAttribute(int devices = 1)
    {
        Devices = devices;
        Skip = CudaMachine.WhyNot(devices);
    }

    public int Devices { get; }
}
