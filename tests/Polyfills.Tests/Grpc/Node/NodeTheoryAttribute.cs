namespace OrleansLM.Polyfills.Tests.Grpc.Node;

/// <summary>A theory that needs Node.js and is skipped, by name and reason, where it or its modules are missing.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NodeTheoryAttribute : TheoryAttribute
{
    public NodeTheoryAttribute() => Skip = NodeModules.Missing!;
}
