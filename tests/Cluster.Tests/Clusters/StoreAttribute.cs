using System.Reflection;
using OrleansLM.LocalCluster;
using Xunit.Sdk;

namespace OrleansLM.Cluster.Tests.Clusters;

/// <summary>Where the cluster of a test meets and keeps its log: in PostgreSQL where the machine has it (true), or in a shared SQLite file.</summary>
internal sealed class StoreAttribute : DataAttribute
{
    private readonly bool _usePostgres;

    public StoreAttribute(bool postgres)
    {
        _usePostgres = postgres;
        Skip = postgres ? PostgresServer.Missing! : null!;
    }

    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => [[_usePostgres]];
}
