using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace Orleans.Runtime.Membership;

/// <summary>Follows the table of silos and changes it on behalf of this silo.</summary>
internal sealed class SiloMembership : IClusterMembershipService, IDisposable
{
    private readonly ISiloTableStore _store;
    private readonly Lock _publishing = new();
    private ClusterMembershipSnapshot _snapshot = new(ImmutableDictionary<SiloAddress, ClusterMember>.Empty, MembershipVersion.MinValue);
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public SiloMembership(ISiloTableStore store)
    {
        _store = store;
        _store.Changed += OnTableChanged;
    }

    /// <summary>A silo has become dead.</summary>
    public event Action<SiloAddress>? SiloDied;

    public ClusterMembershipSnapshot CurrentSnapshot => Volatile.Read(ref _snapshot);

    public IAsyncEnumerable<ClusterMembershipSnapshot> MembershipUpdates => ReadUpdatesAsync();

    public async ValueTask Refresh(MembershipVersion minimumVersion = default, CancellationToken cancellationToken = default)
    {
        do
            Publish(await _store.ReadAsync(cancellationToken));
        while (CurrentSnapshot.Version < minimumVersion);
    }

    public async Task<bool> TryKill(SiloAddress siloAddress)
    {
        await Refresh();
        if (!CurrentSnapshot.Members.ContainsKey(siloAddress))
            return false;

        await UpdateAsync(siloAddress, e => e! with { Status = SiloStatus.Dead }, CancellationToken.None);
        return true;
    }

    /// <summary>Changes the row of a silo (null when there is none), again if another one changes the table meanwhile.</summary>
    public async Task UpdateAsync(SiloAddress silo, Func<SiloTableEntry?, SiloTableEntry> change, CancellationToken cancellation)
    {
        SiloTable table;
        do
            table = await _store.ReadAsync(cancellation);
        while (!await _store.TryWriteAsync(change(table.Entries.FirstOrDefault(e => e.Silo.Equals(silo))), table.Version, cancellation));
        await Refresh(default, cancellation);
    }

    public void Dispose() => _store.Changed -= OnTableChanged;

    private void OnTableChanged() => _ = Refresh().AsTask();

    private void Publish(SiloTable table)
    {
        var members = table.Entries.ToImmutableDictionary(e => e.Silo, e => new ClusterMember(e.Silo, e.Status, e.Name));
        ClusterMembershipSnapshot previous;
        lock (_publishing)
        {
            previous = _snapshot;
            if (table.Version <= previous.Version)
                return;

            _snapshot = new ClusterMembershipSnapshot(members, table.Version);
            Interlocked.Exchange(ref _next, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
        }

        foreach (ClusterMember member in members.Values)
        {
            if (member.Status == SiloStatus.Dead && previous.GetSiloStatus(member.SiloAddress) != SiloStatus.Dead)
                SiloDied?.Invoke(member.SiloAddress);
        }
    }

    private async IAsyncEnumerable<ClusterMembershipSnapshot> ReadUpdatesAsync([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        while (true)
        {
            Task next = Volatile.Read(ref _next).Task;
            yield return CurrentSnapshot;
            await next.WaitAsync(cancellation);
        }
    }
}
