namespace Grpc.AspNetCore.HealthChecks;

public sealed class GrpcHealthChecksOptions
{
    /// <summary>The empty name maps to all checks unless changed.</summary>
    public ServiceMappingCollection Services { get; } = [];

    /// <summary>Check answers with the last published result instead of running the checks.</summary>
    public bool UseHealthChecksCache { get; set; }
}
