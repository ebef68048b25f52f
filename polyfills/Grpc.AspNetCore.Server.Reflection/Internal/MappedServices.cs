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
            // A service may bind itself; its base class is still the generated one.
            if (type.GetCustomAttribute<BindServiceMethodAttribute>(inherit: false) is { } attribute
                && attribute.BindType.GetProperty("Descriptor", BindingFlags.Public | BindingFlags.Static)?.GetValue(null) is ServiceDescriptor descriptor)
            {
                return descriptor;
            }
        }

        return null;
    }
}
