namespace OrleansLM.Polyfills.Tests.Orleans.Processes;

/// <summary>A test that is skipped, by name, where no table of silos can be had.</summary>
internal sealed class ClusterFactAttribute : FactAttribute
{
    public ClusterFactAttribute() => Skip = TestTable.WhyMissing;
}
