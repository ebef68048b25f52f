using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Orleans.Runtime.Manifest;
using Orleans.Runtime.Membership;
using Orleans.Serialization;

namespace Orleans.Runtime.Clustering.Network;

/// <summary>The silos of a cluster of processes: their manifests are fetched when they are seen first.</summary>
internal sealed partial class NetworkPeers : IPeerSilos, IDisposable
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(200);

    private readonly ConcurrentDictionary<SiloAddress, ISiloPeer> _peers = new();
    private readonly ConcurrentDictionary<SiloAddress, Task> _fetching = new();
    private readonly SiloMembership _membership;
    private readonly SiloControls _controls;
    private readonly WireCodecs _codecs;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private SiloAddress? _local;

    public NetworkPeers(SiloMembership membership, SiloControls controls, WireCodecs codecs, TimeProvider time, ILogger<NetworkPeers> logger)
    {
        _membership = membership;
        _controls = controls;
        _codecs = codecs;
        _time = time;
        _logger = logger;
        _membership.Changed += OnMembershipChanged;
    }

    public IEnumerable<SiloManifest> Current => _peers.Values.Select(p => p.Manifest);

    public IEnumerable<KeyValuePair<SiloAddress, ISiloPeer>> All => _peers;

    public void Attach(SiloAddress address, ISiloPeer silo)
    {
        _local = address;
        _peers[address] = silo;
    }

    public void Detach(SiloAddress address) => _local = null;

    public ISiloPeer? Find(SiloAddress address) => _peers.GetValueOrDefault(address);

    public void Dispose() => _membership.Changed -= OnMembershipChanged;

    /// <summary>Until the manifests of all silos that are active now are known.</summary>
    public Task FetchAllAsync(CancellationToken cancellation)
        => Task.WhenAll(_membership.CurrentSnapshot.Members.Values.Where(m => m.Status == SiloStatus.Active).Select(m => FetchAsync(m.SiloAddress))).WaitAsync(cancellation);

    private void OnMembershipChanged()
    {
        foreach (ClusterMember member in _membership.CurrentSnapshot.Members.Values)
        {
            if (member.Status == SiloStatus.Dead)
                Forget(member.SiloAddress);
            else if (_local is not null && member.Status is SiloStatus.Joining or SiloStatus.Active)
                _ = FetchAsync(member.SiloAddress);
        }

        foreach (SiloAddress removed in _peers.Keys.Where(s => !s.Equals(_local) && !_membership.CurrentSnapshot.Members.ContainsKey(s)))
            Forget(removed);
    }

    private void Forget(SiloAddress silo)
    {
        if (silo.Equals(_local))
            return;

        _peers.TryRemove(silo, out _);
        _controls.Forget(silo);
    }

    private Task FetchAsync(SiloAddress silo) => _peers.ContainsKey(silo) ? Task.CompletedTask : _fetching.GetOrAdd(silo, FetchUntilKnownAsync);

    private async Task FetchUntilKnownAsync(SiloAddress silo)
    {
        await Task.Yield();
        while (!await TryFetchAsync(silo))
            await Task.Delay(RetryDelay, _time);
        _fetching.TryRemove(silo, out _);
    }

    // True also when there is nothing to fetch any more.
    private async Task<bool> TryFetchAsync(SiloAddress silo)
    {
        try
        {
            if (_local is null || _membership.CurrentSnapshot.GetSiloStatus(silo) is not (SiloStatus.Joining or SiloStatus.Active))
                return true;

            ManifestData manifest = await _controls.Of(silo).GetManifest();
            _peers.TryAdd(silo, new NetworkPeer(_controls.Of(silo), manifest.ToManifest(_codecs.Names)));
            return true;
        }
        catch (Exception exception)
        {
            LogFetchFailed(silo, exception.Message);
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Silo} has not told yet what it can host: {Reason}")]
    private partial void LogFetchFailed(SiloAddress silo, string reason);
}
