namespace OrleansLM.Polyfills.Tests.Orleans.Processes;

/// <summary>A fact of the stand-ins that the real packages do not promise; there it is skipped with what they do instead.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class StandInFactAttribute : FactAttribute
{
    public StandInFactAttribute(string realPackages) => Skip = TestTable.IsStandIn ? null : $"The real packages differ: {realPackages}";
}
