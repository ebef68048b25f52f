namespace OrleansLM.Polyfills.Tests.Orleans.Processes;

/// <summary>A test that is skipped, by name, where PostgreSQL is not installed.</summary>
internal sealed class PostgreSqlFactAttribute : FactAttribute
{
    public PostgreSqlFactAttribute() => Skip = PostgreSqlServer.WhyMissing;
}
