using Orleans.Runtime.Messaging;

namespace Orleans.Runtime.Membership;

/// <summary>The gateways are the active silos of the table that have a gateway port.</summary>
internal sealed class AdoNetGatewayList(SiloDatabase database, string clusterId) : IGatewayListProvider
{
    private readonly AdoNetSiloTable _table = new(database, clusterId);

    public async Task<IReadOnlyList<SiloAddress>> GetGatewaysAsync(CancellationToken cancellation)
    {
        SiloTable table = await _table.ReadAsync(cancellation);
        return
        [
            .. table.Entries
                .Where(e => e.Status == SiloStatus.Active && e.Gateway.Endpoint.Port != 0)
                .Select(e => SiloAddress.New(e.Gateway.Endpoint, e.Silo.Generation))
                .Order(),
        ];
    }
}
