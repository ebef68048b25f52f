using System.Reflection;
using OrleansLM.LocalCluster;
using OrleansLM.Silo.Log;
using Xunit.Sdk;

namespace OrleansLM.Silo.Tests.Log.Kinds;

/// <summary>The test runs on PostgreSQL, where the machine has it.</summary>
internal sealed class PostgresLogAttribute : DataAttribute
{
    public PostgresLogAttribute() => Skip = PostgresServer.Missing!;

    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => [[SessionLogKind.Postgres]];
}
