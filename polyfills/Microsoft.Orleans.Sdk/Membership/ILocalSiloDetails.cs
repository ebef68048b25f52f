namespace Orleans.Runtime;

/// <summary>The silo of this host.</summary>
public interface ILocalSiloDetails
{
    string Name { get; }

    string ClusterId { get; }

    string DnsHostName { get; }

    SiloAddress SiloAddress { get; }

    /// <summary>Where clients connect; generation 0.</summary>
    SiloAddress GatewayAddress { get; }
}
