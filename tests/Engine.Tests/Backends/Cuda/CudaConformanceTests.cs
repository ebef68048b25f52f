using OrleansLM.Engine.Backends.Cuda;

namespace OrleansLM.Engine.Tests.Backends.Cuda;

/// <summary>The CUDA backend against the reference: the same table of cases as the CPU's, with f32 activations and with its own bf16 ones.</summary>
public sealed class CudaConformanceTests
{
    /// <summary>Matrices are bf16 on the device: f32 and f16 ones are rounded once (2^-9 of each weight).</summary>
    private const float WeightBound = 1e-2f;

    /// <summary>Results of bf16 inputs that are rounded to bf16, once or twice.</summary>
    private const float NarrowBound = 1.2e-2f;

    /// <summary>Exponentials and roots of the device are good to a few last places.</summary>
    private const float DeviceRounding = 4;

    public static TheoryData<string> Names => [.. ConformanceCases.All.Keys];

    [CudaTheory]
    [MemberData(nameof(Names))]
    public void It_agrees_with_the_reference(string name)
    {
        var row = ConformanceCases.All[name];
        var rounded = name.Contains("Float32", StringComparison.Ordinal) || name.Contains("Float16", StringComparison.Ordinal) || name.Contains("all types", StringComparison.Ordinal);
        rounded |= name.StartsWith("NormProject to logits", StringComparison.Ordinal);
        var matrices = name.StartsWith("NormProject", StringComparison.Ordinal) || name.StartsWith("Project", StringComparison.Ordinal) || name.StartsWith("Embed", StringComparison.Ordinal);
        ConformanceTests.Compare(row, CudaMachine.NewBackend(), rounded && matrices ? WeightBound : Math.Max(row.Bound * DeviceRounding, row.Bound > 0 ? 4e-6f : 0));
    }

    [CudaTheory]
    [MemberData(nameof(Names))]
    public void It_agrees_with_the_reference_in_bf16(string name) =>
        ConformanceTests.Compare(ConformanceCases.All[name], CudaMachine.NewBackend(), NarrowBound, narrow: true);

    [CudaTheory]
    [MemberData(nameof(Names))]
    public void The_plain_kernels_agree_with_the_reference_in_bf16(string name) =>
        ConformanceTests.Compare(ConformanceCases.All[name], CudaMachine.NewBackend(new CudaOptions { FastKernels = false }), NarrowBound, narrow: true);
}
