namespace Grpc.AspNetCore.HealthChecks;

/// <summary>A registered check, of which a mapping says whether it counts for a service.</summary>
public sealed class HealthCheckMapContext(string name, IEnumerable<string> tags)
{
    public string Name { get; } = name;

    public IEnumerable<string> Tags { get; } = tags;
}
