using System.Net;

namespace Orleans.Runtime.Messaging;

internal sealed class StaticGatewayList(IReadOnlyList<IPEndPoint> endpoints) : IGatewayListProvider
{
    private readonly GatewayEntry[] _gateways = [.. endpoints.Select(e => new GatewayEntry(SiloAddress.New(e, 0), IsActive: true))];

    public Task<IReadOnlyList<GatewayEntry>> GetGatewaysAsync(CancellationToken cancellation) => Task.FromResult<IReadOnlyList<GatewayEntry>>(_gateways);
}
