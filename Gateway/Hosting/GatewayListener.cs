using System.Net;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;

namespace OrleansLM.Gateway.Hosting;

/// <summary>The address that clients connect to, plain or with TLS.</summary>
public static class GatewayListener
{
    private const string Certificate = "Kestrel:Certificates:Default";

    /// <summary>
    /// Listens at http://host:port, or https://host:port with the certificate of ASP.NET Core's setting Kestrel:Certificates:Default. HTTP/2 is all that is
    /// spoken. Streams last long and may be idle: the limits that protect a web server from slow clients are off.
    /// </summary>
    /// <exception cref="ArgumentException">When the host starts: not an IP address, or https without a certificate.</exception>
    public static void ListenForClients(this IWebHostBuilder host, Uri address)
    {
        host.UseKestrelHttpsConfiguration();

        // Nothing that runs between two awaits of a call waits for anything: a thread that sends what was written is one thread less to wake for each token.
        host.UseSockets(sockets => sockets.UnsafePreferInlineScheduling = true);
        host.ConfigureKestrel((context, kestrel) => Listen(context.Configuration, kestrel, address));
    }

    private static void Listen(IConfiguration configuration, KestrelServerOptions kestrel, Uri address)
    {
        var streams = configuration.GetSection(GatewayOptions.Section).Get<GatewayOptions>()?.MaxStreamsPerConnection ?? new GatewayOptions().MaxStreamsPerConnection;
        kestrel.Limits.Http2.MaxStreamsPerConnection = streams;
        kestrel.Limits.MaxRequestBodySize = null;
        kestrel.Limits.MinRequestBodyDataRate = null;
        kestrel.Limits.MinResponseDataRate = null;
        var isSecure = address.Scheme == Uri.UriSchemeHttps;
        if (isSecure && !configuration.GetSection(Certificate).Exists())
        {
            throw new ArgumentException($"{address.AbsoluteUri} needs a certificate: set {Certificate}:Path and {Certificate}:KeyPath to PEM files");
        }

        kestrel.Listen(AddressOf(address), address.Port, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            if (isSecure)
            {
                listen.UseHttps();
            }
        });
    }

    private static IPAddress AddressOf(Uri address) => address.HostNameType switch
    {
        UriHostNameType.IPv4 or UriHostNameType.IPv6 => IPAddress.Parse(address.Host.Trim('[', ']')),
        _ when address.Host == "localhost" => IPAddress.Loopback,
        _ => throw new ArgumentException($"{address.AbsoluteUri}: expected an IP address or localhost"),
    };
}
