using Orleans.Runtime.Messaging;

namespace Orleans.Runtime.Membership;

/// <summary>The gateways are the silos of the table that have a gateway port; those that are leaving answer what they have.</summary>
internal sealed class AdoNetGatewayList(SiloDatabase database, string clusterId) : IGatewayListProvider
{
    private readonly AdoNetSiloTable _table = new(database, clusterId);

    public async Task<IReadOnlyList<GatewayEntry>> GetGatewaysAsync(CancellationToken cancellation)
    {
        SiloTable table = await _table.ReadAsync(cancellation);
        return
        [
            .. table.Entries
                .Where(e => (e.Status is SiloStatus.Active or SiloStatus.ShuttingDown or SiloStatus.Stopping) && e.Gateway.Endpoint.Port != 0)
                .Select(e => new GatewayEntry(SiloAddress.New(e.Gateway.Endpoint, e.Silo.Generation), e.Status == SiloStatus.Active))
                .OrderBy(e => e.Address),
        ];
    }
}
