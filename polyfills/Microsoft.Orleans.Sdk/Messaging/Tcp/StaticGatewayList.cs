using System.Net;

namespace Orleans.Runtime.Messaging;

internal sealed class StaticGatewayList(IReadOnlyList<IPEndPoint> endpoints) : IGatewayListProvider
{
    private readonly SiloAddress[] _gateways = [.. endpoints.Select(e => SiloAddress.New(e, 0))];

    public Task<IReadOnlyList<SiloAddress>> GetGatewaysAsync(CancellationToken cancellation) => Task.FromResult<IReadOnlyList<SiloAddress>>(_gateways);
}
