using Grpc.Net.Client;

namespace OrleansLM.Polyfills.Tests.Grpc;

/// <summary>A fact of the stand-ins that the real packages do not promise; there it is skipped with what they do instead.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class StandInFactAttribute : FactAttribute
{
    public StandInFactAttribute(string realPackages)
    {
        bool signed = typeof(GrpcChannel).Assembly.GetName().GetPublicKeyToken() is { Length: > 0 };
        Skip = signed ? $"The real packages differ: {realPackages}" : null!;
    }
}
