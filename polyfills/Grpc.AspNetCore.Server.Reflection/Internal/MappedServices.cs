using System.Reflection;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Microsoft.AspNetCore.Routing;

namespace Grpc.AspNetCore.Server.Reflection.Internal;

/// <summary>The descriptors of the services behind the application's endpoints.</summary>
internal static class MappedServices
{
    public static IEnumerable<ServiceDescriptor> Describe(EndpointDataSource endpoints) => endpoints.Endpoints
        .Select(endpoint => endpoint.Metadata.GetMetadata<GrpcMethodMetadata>())
        .OfType<GrpcMethodMetadata>()
        .Select(metadata => metadata.ServiceType)
        .Distinct()
        .Select(Descriptor)
        .OfType<ServiceDescriptor>();

    /// <summary>Generated code has a static Descriptor beside the base class. Null for services not made from a .proto.</summary>
    private static ServiceDescriptor? Descriptor(Type service)
    {
        for (Type? type = service; type is not null; type = type.BaseType)
        {
            if (type.GetCustomAttribute<BindServiceMethodAttribute>(inherit: false) is { } attribute)
            {
                PropertyInfo? descriptor = attribute.BindType.GetProperty("Descriptor", BindingFlags.Public | BindingFlags.Static);
                return descriptor?.GetValue(null) as ServiceDescriptor;
            }
        }

        return null;
    }
}
