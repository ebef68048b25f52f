namespace Orleans.Runtime.Messaging;

/// <summary>Where a client learns of gateways.</summary>
internal interface IGatewayListProvider
{
    Task<IReadOnlyList<GatewayEntry>> GetGatewaysAsync(CancellationToken cancellation);
}
