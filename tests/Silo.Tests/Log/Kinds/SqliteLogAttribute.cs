using System.Reflection;
using OrleansLM.Silo.Log;
using Xunit.Sdk;

namespace OrleansLM.Silo.Tests.Log.Kinds;

/// <summary>The test runs on SQLite.</summary>
internal sealed class SqliteLogAttribute : DataAttribute
{
    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => [[SessionLogKind.Sqlite]];
}
