using Grpc.AspNetCore.Server.Reflection.Internal;
using Grpc.Reflection;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.DependencyInjection;

public static class GrpcReflectionServiceExtensions
{
    public static IServiceCollection AddGrpcReflection(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);

        // Made on the first call, when every service has been mapped.
        services.TryAddSingleton(provider =>
            new ReflectionServiceImpl(MappedServices.Describe(provider.GetRequiredService<EndpointDataSource>())));
        return services;
    }
}
