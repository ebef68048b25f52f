namespace Orleans.Runtime.Messaging;

/// <summary>Where a client learns of gateways: their endpoints, with the silo's generation or 0.</summary>
internal interface IGatewayListProvider
{
    Task<IReadOnlyList<SiloAddress>> GetGatewaysAsync(CancellationToken cancellation);
}
