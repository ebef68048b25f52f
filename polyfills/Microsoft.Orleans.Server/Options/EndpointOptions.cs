using System.Net;

namespace Orleans.Configuration;

/// <summary>Where other silos and clients reach this silo.</summary>
public class EndpointOptions
{
    public const int DEFAULT_SILO_PORT = 11111;
    public const int DEFAULT_GATEWAY_PORT = 30000;

    public IPAddress? AdvertisedIPAddress { get; set; }

    public int SiloPort { get; set; } = DEFAULT_SILO_PORT;

    /// <summary>0: clients cannot connect here.</summary>
    public int GatewayPort { get; set; } = DEFAULT_GATEWAY_PORT;

    /// <summary>Where the silo listens for others; the advertised address when null.</summary>
    public IPEndPoint? SiloListeningEndpoint { get; set; }

    /// <summary>Where the silo listens for clients; the advertised address when null.</summary>
    public IPEndPoint? GatewayListeningEndpoint { get; set; }
}
