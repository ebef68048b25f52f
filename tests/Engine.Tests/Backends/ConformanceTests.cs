using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Backends.Cpu;
using OrleansLM.Engine.Backends.Reference;

namespace OrleansLM.Engine.Tests.Backends;

/// <summary>
/// Every backend against the reference, case by case. Which vectors the CPU backend uses is chosen by environment: eng/test runs this folder again with
/// DOTNET_EnableAVX512=0, DOTNET_EnableAVX2=0 and DOTNET_EnableHWIntrinsic=0.
/// </summary>
public sealed class ConformanceTests
{
    public static TheoryData<string> Names => [.. ConformanceCases.All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Cpu_agrees_with_the_reference(string name) => Compare(ConformanceCases.All[name], new CpuBackend(2));

    /// <summary>Those operators that have kernels for such vectors.</summary>
    public static TheoryData<string> WideNames => [.. ConformanceCases.All.Keys.Where(name => name.StartsWith("Project", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(WideNames))]
    public void Cpu_in_512_bits_agrees_with_the_reference(string name) => Compare(ConformanceCases.All[name], new CpuBackend(2, wide: true));

    [Fact]
    public void The_comparison_can_fail()
    {
        Assert.NotNull(Difference([1, 2, 3], [1, 2, 3.00001f], 1e-6f));
        Assert.NotNull(Difference([1, 2], [1, float.NaN], 1));
        Assert.NotNull(Difference([1, float.NaN], [1, 2], 1));
        Assert.NotNull(Difference([0f], [-1e-30f], 0));
        Assert.Null(Difference([1, 2, 3, float.NaN], [1, 2, 3.00001f, float.NaN], 1e-5f));
    }

    /// <param name="row">The case.</param>
    /// <param name="backend">Disposed.</param>
    /// <param name="bound">Instead of the row's.</param>
    /// <param name="narrow">See <see cref="OperatorRig"/>.</param>
    internal static void Compare(OperatorCase row, IBackend backend, float? bound = null, bool narrow = false)
    {
        var seed = row.Name.Sum(letter => letter);
        using var reference = new OperatorRig(new ReferenceBackend(), seed, narrow);
        using var subject = new OperatorRig(backend, seed, narrow);
        var expected = row.Run(reference);
        var found = row.Run(subject);
        Assert.Null(Difference(expected, found, bound ?? row.Bound));
    }

    /// <summary>What is wrong with the worst element, or null. NaN (memory that nobody wrote) must be NaN on both sides.</summary>
    private static string? Difference(float[] expected, float[] found, float bound)
    {
        Assert.Equal(expected.Length, found.Length);
        var limit = bound * expected.Where(float.IsFinite).Select(MathF.Abs).DefaultIfEmpty(0).Max();
        for (var i = 0; i < expected.Length; i++)
        {
            var (e, f) = (expected[i], found[i]);
            if (float.IsNaN(e) != float.IsNaN(f) || MathF.Abs(e - f) > limit)
            {
                return $"element {i} of {expected.Length}: {f:R} found, {e:R} expected, {limit:R} allowed";
            }
        }

        return null;
    }
}
