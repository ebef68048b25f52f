using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Connections.Security;
using Orleans.Runtime.Messaging;

namespace Orleans.Hosting;

public static class OrleansConnectionSecurityHostingExtensions
{
    public static ISiloBuilder UseTls(this ISiloBuilder builder, Action<TlsOptions> configureOptions)
    {
        builder.Services.Replace(Security(configureOptions));
        return builder;
    }

    public static IClientBuilder UseTls(this IClientBuilder builder, Action<TlsOptions> configureOptions)
    {
        builder.Services.Replace(Security(configureOptions));
        return builder;
    }

    private static ServiceDescriptor Security(Action<TlsOptions> configure)
    {
        var options = new TlsOptions();
        configure(options);
        if (options is { LocalCertificate: { HasPrivateKey: false } certificate })
            throw new InvalidOperationException($"{nameof(TlsOptions)}.{nameof(TlsOptions.LocalCertificate)} {certificate.Subject} has no private key.");
        return ServiceDescriptor.Singleton<ITransportSecurity>(new TlsSecurity(options));
    }
}
