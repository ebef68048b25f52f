using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace Orleans.Runtime.Membership;

/// <summary>Follows the table of silos and changes it on behalf of this silo.</summary>
internal sealed class SiloMembership : IClusterMembershipService, IDisposable
{
    private readonly ISiloTableStore _store;
    private readonly SiloAddress _local;
    private readonly Lock _publishing = new();
    private ClusterMembershipSnapshot _snapshot = new(ImmutableDictionary<SiloAddress, ClusterMember>.Empty, MembershipVersion.MinValue);
    private SiloTable _table = new(MembershipVersion.MinValue, []);
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public SiloMembership(ISiloTableStore store, ILocalSiloDetails silo)
    {
        _store = store;
        _local = silo.SiloAddress;
        _store.Changed += OnTableChanged;
    }

    /// <summary>A silo has become dead.</summary>
    public event Action<SiloAddress>? SiloDied;

    /// <summary>There is a newer snapshot.</summary>
    public event Action? Changed;

    /// <summary>This silo has changed the table, which is at this version now.</summary>
    public event Action<MembershipVersion>? ChangedHere;

    /// <summary>The cluster has declared this silo dead.</summary>
    public event Action? Disowned;

    public ClusterMembershipSnapshot CurrentSnapshot => Volatile.Read(ref _snapshot);

    /// <summary>The table as it was read last.</summary>
    public SiloTable CurrentTable => Volatile.Read(ref _table);

    public IAsyncEnumerable<ClusterMembershipSnapshot> MembershipUpdates => ReadUpdatesAsync();

    public async ValueTask Refresh(MembershipVersion minimumVersion = default, CancellationToken cancellationToken = default)
    {
        Publish(await _store.ReadAsync(cancellationToken));
        while (CurrentSnapshot.Version < minimumVersion)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), cancellationToken);
            Publish(await _store.ReadAsync(cancellationToken));
        }
    }

    public async Task<bool> TryKill(SiloAddress siloAddress)
    {
        await Refresh();
        if (!CurrentSnapshot.Members.ContainsKey(siloAddress))
            return false;

        // Once this silo is dead itself, its word does not count: the table decides which of two silos that declare each other dead came first.
        await UpdateAsync(siloAddress, e => CurrentSnapshot.GetSiloStatus(_local) == SiloStatus.Dead ? null : e! with { Status = SiloStatus.Dead }, CancellationToken.None);
        return CurrentSnapshot.GetSiloStatus(siloAddress) == SiloStatus.Dead;
    }

    /// <summary>
    /// Changes the row of a silo (null when there is none), again if another one changes the table meanwhile; a null change leaves it. A silo that is dead in the
    /// table stays so. Returns whether there was a change.
    /// </summary>
    public async Task<bool> UpdateAsync(SiloAddress silo, Func<SiloTableEntry?, SiloTableEntry?> change, CancellationToken cancellation)
    {
        while (true)
        {
            SiloTable table = await _store.ReadAsync(cancellation);
            Publish(table);
            SiloTableEntry? before = Array.Find(table.Entries, e => e.Silo.Equals(silo));
            SiloTableEntry? after = change(before);
            if (after is null || after == before)
                return false;
            if (before?.Status == SiloStatus.Dead)
                return after.Status == SiloStatus.Dead ? false : throw new SiloUnavailableException($"{silo} was declared dead.");
            if (await _store.TryWriteAsync(after, table.Version, cancellation))
                break;

            // Others write too; whoever comes second looks again.
            await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(1, 20)), cancellation);
        }

        await Refresh(default, cancellation);
        ChangedHere?.Invoke(CurrentSnapshot.Version);
        return true;
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
            if (table.Version >= previous.Version)
                _table = table;
            if (table.Version <= previous.Version)
                return;

            _snapshot = new ClusterMembershipSnapshot(members, table.Version);
            Interlocked.Exchange(ref _next, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
        }

        Changed?.Invoke();
        foreach (ClusterMember member in members.Values.Where(m => m.Status == SiloStatus.Dead && previous.GetSiloStatus(m.SiloAddress) != SiloStatus.Dead))
        {
            SiloDied?.Invoke(member.SiloAddress);
            if (member.SiloAddress.Equals(_local))
                Disowned?.Invoke();
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
