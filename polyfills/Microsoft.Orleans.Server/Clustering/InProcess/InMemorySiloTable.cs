using Orleans.Runtime.Membership;
using Orleans.Runtime.Messaging;

namespace Orleans.Runtime.Clustering.InProcess;

internal sealed class InMemorySiloTable : ISiloTableStore, IGateways
{
    private readonly Lock _writing = new();
    private SiloTable _table = new(new MembershipVersion(0), []);

    public event Action? Changed;

    public event Action<SiloAddress>? SiloLost;

    public IReadOnlyList<SiloAddress> Current
        => [.. Volatile.Read(ref _table).Entries.Where(e => e.Status == SiloStatus.Active && e.Gateway.Endpoint.Port != 0).Select(e => e.Silo)];

    public SiloAddress? GatewayOf(SiloAddress silo) => silo;

    public Task StartAsync(CancellationToken cancellation) => Task.CompletedTask;

    public Task StopAsync() => Task.CompletedTask;

    public Task<SiloTable> ReadAsync(CancellationToken cancellation) => Task.FromResult(Volatile.Read(ref _table));

    public Task<bool> TryWriteAsync(SiloTableEntry entry, MembershipVersion expected, CancellationToken cancellation)
    {
        lock (_writing)
        {
            if (_table.Version != expected)
                return Task.FromResult(false);

            SiloTableEntry[] entries = [.. _table.Entries.Where(e => !e.Silo.Equals(entry.Silo)), entry];
            Volatile.Write(ref _table, new SiloTable(new MembershipVersion(expected.Value + 1), entries));
        }

        Changed?.Invoke();
        if (entry.Status == SiloStatus.Dead)
            SiloLost?.Invoke(entry.Silo);
        return Task.FromResult(true);
    }

    public Task WriteAliveAsync(SiloAddress silo, DateTime time, CancellationToken cancellation)
    {
        lock (_writing)
        {
            SiloTableEntry[] entries = Array.ConvertAll(_table.Entries, e => e.Silo.Equals(silo) ? e with { IAmAliveTime = time } : e);
            Volatile.Write(ref _table, _table with { Entries = entries });
        }

        return Task.CompletedTask;
    }
}
