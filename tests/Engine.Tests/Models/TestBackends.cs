using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Backends.Reference;

namespace OrleansLM.Engine.Tests.Models;

/// <summary>The backends that every model test runs on, by name.</summary>
public static class TestBackends
{
    public static TheoryData<string> Names => ["reference"];

    public static IBackend Create(string name) => name switch
    {
        "reference" => new ReferenceBackend(),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "expected reference"),
    };
}
