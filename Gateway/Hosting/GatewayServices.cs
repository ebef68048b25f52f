using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using OrleansLM.Gateway.Diagnostics;
using OrleansLM.Gateway.Errors;
using OrleansLM.Gateway.Limits;
using OrleansLM.Gateway.Routing;
using OrleansLM.Gateway.Services;

namespace OrleansLM.Gateway.Hosting;

/// <summary>Composition of the gateway: gRPC services, health, reflection, limits. Needs an <c>IGrainFactory</c> from a silo or an Orleans client.</summary>
public static class GatewayServices
{
    public static IServiceCollection AddOrleansLMGateway(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<GatewayOptions>().Bind(configuration.GetSection(GatewayOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<GatewayOptions>, GatewayOptionsValidator>();
        services.AddSingleton<GatewayMetrics>();
        services.AddSingleton<StreamLimiter>();
        services.AddSingleton<ModelNames>();
        services.AddSingleton<TurnStreams>();
        services.AddSingleton<Failover>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddGrpc(grpc =>
        {
            grpc.Interceptors.Add<TraceInterceptor>();
            grpc.Interceptors.Add<ErrorInterceptor>();
        });
        services.AddOptions<Grpc.AspNetCore.Server.GrpcServiceOptions>().Configure<IOptions<GatewayOptions>>((grpc, gateway) =>
        {
            grpc.MaxReceiveMessageSize = gateway.Value.MaxMessageBytes;
            grpc.MaxSendMessageSize = gateway.Value.MaxMessageBytes;
            grpc.EnableDetailedErrors = gateway.Value.DetailedErrors;
        });
        services.AddGrpcReflection();
        services.AddGrpcHealthChecks().AddCheck<ModelsHealthCheck>("models");
        return services;
    }

    public static IEndpointRouteBuilder MapOrleansLMGateway(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGrpcService<SessionsService>();
        endpoints.MapGrpcService<ModelsService>();
        endpoints.MapGrpcService<ClusterService>();
        endpoints.MapGrpcHealthChecksService();
        endpoints.MapGrpcReflectionService();
        return endpoints;
    }
}
