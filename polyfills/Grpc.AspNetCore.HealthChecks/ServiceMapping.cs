namespace Grpc.AspNetCore.HealthChecks;

/// <summary>The checks that make up the health of one service; its state is that of the worst of them.</summary>
public sealed class ServiceMapping(string name, Func<HealthCheckMapContext, bool> predicate)
{
    public string Name { get; } = name;

    public Func<HealthCheckMapContext, bool>? HealthCheckPredicate { get; } = predicate;
}
