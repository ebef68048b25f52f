using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime.Invocation;
using Orleans.Runtime.Manifest;
using Orleans.Runtime.Messaging;
using Orleans.Serialization;

namespace Orleans.Hosting;

/// <summary>What silos and clients have in common.</summary>
internal static class CoreServices
{
    public static void AddOrleansCore(this IServiceCollection services)
    {
        services.AddOptions();
        services.AddLogging();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<DeepCopier>();
        services.TryAddSingleton<GrainReferences>();
        services.TryAddSingleton<GrainInterfaces>();
        services.TryAddSingleton<WireCodecs>();
        services.TryAddSingleton<MessageCodec>();
        services.TryAddSingleton<GrainTypeResolver>();
        services.TryAddSingleton<IGrainFactory, GrainFactory>();
        services.TryAddSingleton<IClusterClient, ClusterClient>();
    }

    /// <summary>Messages go over TCP; the options are those of the silo or the client.</summary>
    public static void AddTcpTransport<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicParameterlessConstructor)] TMessagingOptions>(
        this IServiceCollection services)
        where TMessagingOptions : MessagingOptions
    {
        services.TryAddSingleton(s => new TcpTransport(
            s.GetRequiredService<MessageCodec>(),
            s.GetRequiredService<WireCodecs>(),
            s.GetRequiredService<IOptions<ClusterOptions>>(),
            s.GetRequiredService<IOptions<ConnectionOptions>>(),
            s.GetRequiredService<IOptions<TMessagingOptions>>().Value,
            s.GetService<TransportEndpoints>(),
            s.GetService<ITransportSecurity>(),
            s.GetRequiredService<ILogger<TcpTransport>>()));
        services.TryAddSingleton<IMessageTransport>(s => s.GetRequiredService<TcpTransport>());
    }

    /// <summary>The client finds the cluster's gateways by a list that a service of the host gives.</summary>
    public static void AddTcpGateways(this IServiceCollection services)
    {
        services.AddTcpTransport<ClientMessagingOptions>();
        services.TryAddSingleton<TcpGateways>();
        services.TryAddSingleton<IGateways>(s => s.GetRequiredService<TcpGateways>());
        services.TryAddSingleton<IClusterManifests>(s => s.GetRequiredService<TcpGateways>());
    }
}
