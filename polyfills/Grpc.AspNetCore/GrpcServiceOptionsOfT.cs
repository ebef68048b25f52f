namespace Grpc.AspNetCore.Server;

/// <summary>What one service does differently; unset values are those of <see cref="GrpcServiceOptions"/>.</summary>
public class GrpcServiceOptions<TService> : GrpcServiceOptions
    where TService : class
{
}
