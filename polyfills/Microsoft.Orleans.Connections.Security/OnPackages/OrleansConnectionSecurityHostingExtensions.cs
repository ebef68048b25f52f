using Orleans.Connections.Security;

namespace Orleans.Hosting;

public static class OrleansConnectionSecurityHostingExtensions
{
    private const string Missing = "TLS needs the package Microsoft.Orleans.Connections.Security, which the registry that this was built from does not have";

    public static ISiloBuilder UseTls(this ISiloBuilder builder, Action<TlsOptions> configureOptions) => throw new PlatformNotSupportedException(Missing);

    public static IClientBuilder UseTls(this IClientBuilder builder, Action<TlsOptions> configureOptions) => throw new PlatformNotSupportedException(Missing);
}
