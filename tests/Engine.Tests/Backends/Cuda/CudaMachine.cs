using OrleansLM.Engine.Backends.Cuda;
using OrleansLM.Engine.Backends.Cuda.Device;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Tests.Backends.Cuda;

/// <summary>Whether this machine can run the tests that need a GPU.</summary>
internal static class CudaMachine
{
    private static readonly Lazy<(CudaDevices? Devices, string Reason)> Probe = new(() => (CudaDevices.TryLoad(out var reason), reason));

    /// <summary>Null when there are enough devices; otherwise why the test is skipped.</summary>
    public static string? WhyNot(int devices) =>
        Probe.Value.Devices is not { } found ? $"no GPU: {Probe.Value.Reason}"
        : found.All.Count < devices ? $"{devices} GPUs are needed; this machine has {found.All.Count}"
        : null;

    public static CudaDevices Devices => Probe.Value.Devices ?? throw new InvalidOperationException(Probe.Value.Reason);

    /// <summary>Activations of f32.</summary>
    public static CudaOptions Precise { get; } = new() { Activations = DataType.Float32 };

    public static CudaBackend NewBackend(CudaOptions? options = null) => new(Devices, options);
}
