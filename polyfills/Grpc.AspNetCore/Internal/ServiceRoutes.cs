using System.Reflection;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>Turns a service class into endpoints: one for each method, and one that answers for unknown methods.</summary>
internal static class ServiceRoutes
{
    private static readonly HttpMethodMetadata s_post = new(["POST"], acceptCorsPreflight: true);

    public static List<IEndpointConventionBuilder> Map<TService>(IEndpointRouteBuilder routes)
        where TService : class
    {
        IServiceProvider services = routes.ServiceProvider;
        GrpcMarker marker = services.GetService<GrpcMarker>() ?? throw new InvalidOperationException(
            "Unable to find the required services. Please add all the required services by calling 'IServiceCollection.AddGrpc' in the application startup code.");
        GrpcServiceOptions server = services.GetRequiredService<IOptions<GrpcServiceOptions>>().Value;
        var settings = new ServiceSettings(server, services.GetRequiredService<IOptions<GrpcServiceOptions<TService>>>().Value);
        ILogger logger = services.GetRequiredService<ILoggerFactory>().CreateLogger("Grpc.AspNetCore.Server.ServerCallHandler");

        var binder = new ServiceMethodCollector<TService>(settings, logger);
        Bind(typeof(TService), binder);
        List<IEndpointConventionBuilder> endpoints = [.. binder.Methods.Select(bound => MapMethod(routes, bound))];
        foreach (string service in binder.Methods.Select(bound => bound.Method.ServiceName).Distinct())
        {
            MapUnknown(routes, settings, $"/{service}/{{unimplementedMethod:{GrpcContentTypeConstraint.Name}}}", "Method is unimplemented.");
        }

        if (!new ServiceSettings(server, null).IgnoreUnknown && marker.TakeFallback())
        {
            MapUnknown(routes, settings, $"{{unimplementedService}}/{{unimplementedMethod:{GrpcContentTypeConstraint.Name}}}", "Service is unimplemented.");
        }

        return endpoints;
    }

    private static IEndpointConventionBuilder MapMethod(IEndpointRouteBuilder routes, BoundMethod bound)
    {
        IEndpointConventionBuilder endpoint = routes.Map(bound.Method.FullName, bound.Handler);
        endpoint.Add(builder =>
        {
            builder.DisplayName = $"gRPC - {bound.Method.FullName}";
            foreach (object item in bound.Metadata.Append(s_post))
            {
                builder.Metadata.Add(item);
            }
        });
        return endpoint;
    }

    private static void MapUnknown(IEndpointRouteBuilder routes, ServiceSettings settings, string pattern, string detail)
    {
        if (settings.IgnoreUnknown)
        {
            return;
        }

        RequestDelegate unknown = http =>
        {
            if (RequestCheck.Accepts(http))
            {
                StatusResponse.Write(http.Response, new Status(StatusCode.Unimplemented, detail), null);
            }

            return Task.CompletedTask;
        };
        routes.Map(pattern, unknown).Add(builder =>
        {
            builder.DisplayName = $"gRPC - {detail}";
            builder.Metadata.Add(s_post);
        });
    }

    /// <summary>Runs the generated <c>BindService(binder, null)</c>, which names every method of the service.</summary>
    private static void Bind(Type serviceType, ServiceBinderBase binder)
    {
        for (Type? type = serviceType; type is not null; type = type.BaseType)
        {
            if (type.GetCustomAttribute<BindServiceMethodAttribute>(inherit: false) is { } attribute)
            {
                MethodInfo bind = attribute.BindType.GetMethod(attribute.BindMethodName, [typeof(ServiceBinderBase), type])
                    ?? throw new InvalidOperationException($"{attribute.BindType}.{attribute.BindMethodName}(ServiceBinderBase, {type}) does not exist.");
                bind.Invoke(null, [binder, null]);
                return;
            }
        }

        throw new InvalidOperationException($"Error binding gRPC service '{serviceType.Name}': no generated base class with [BindServiceMethod].");
    }
}
