using Orleans.Runtime.Activations;
using Orleans.Runtime.Clustering.Directory;
using Orleans.Runtime.Manifest;
using Orleans.Runtime.Membership;
using Orleans.Runtime.Messaging;
using Orleans.Runtime.Migration;
using Orleans.Serialization;

namespace Orleans.Runtime.Clustering.Network;

/// <summary>What this silo answers to others and to clients.</summary>
internal sealed class SiloControl(
    ILocalSiloDetails silo,
    SiloRuntime runtime,
    SiloMembership membership,
    DistributedDirectory directory,
    NetworkPeers peers,
    SiloControls controls,
    Catalog catalog,
    ISiloTableStore table,
    WireCodecs codecs,
    DeepCopier copier,
    TimeProvider time) : ISiloControl, IGatewayControl
{
    public Task Ping(MembershipVersion version)
    {
        if (version > membership.CurrentSnapshot.Version)
            _ = membership.Refresh().AsTask();
        return Task.CompletedTask;
    }

    public async Task<bool> PingOther(SiloAddress silo, TimeSpan timeout)
    {
        try
        {
            await controls.Of(silo).Ping(membership.CurrentSnapshot.Version).WaitAsync(timeout, time);
            return true;
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException)
        {
            return false;
        }
    }

    public async Task OnMembershipChanged(MembershipVersion version)
    {
        if (version > membership.CurrentSnapshot.Version)
            await membership.Refresh();
    }

    public Task<ManifestData> GetManifest() => Task.FromResult(ManifestData.Of(silo.SiloAddress, runtime.Manifest, codecs.Names));

    public Task<ManifestData[]> GetManifests() => Task.FromResult(peers.All.Select(p => ManifestData.Of(p.Key, p.Value.Manifest, codecs.Names)).ToArray());

    public Task<bool> Accept(GrainAddress from, Dictionary<string, object?> values) => runtime.AcceptAsync(new MigratingGrain(from, new MigrationContext(copier, values)));

    public Task<DirectoryAnswer> Register(GrainAddress address, ActivationId previous, MembershipVersion view) => directory.RegisterAsync(address, previous, view);

    public Task<DirectoryAnswer> Lookup(GrainId grain, MembershipVersion view) => directory.LookupAsync(grain, view);

    public Task<DirectoryAnswer> Unregister(GrainAddress address, MembershipVersion view) => directory.UnregisterAsync(address, view);

    public Task<Registration[]> GetRegistrations(SiloAddress[] ring, SiloAddress owner, MembershipVersion view) => directory.GetRegistrationsAsync(ring, owner, view);

    public Task DropDuplicate(GrainAddress address)
    {
        if (catalog.Find(address.GrainId) is { } activation && activation.ActivationId == address.ActivationId)
            activation.Deactivate(new DeactivationReason(DeactivationReasonCode.DuplicateActivation, "The grain has another activation."));
        return Task.CompletedTask;
    }

    public Task<SiloTable> ReadTable() => table.ReadAsync(CancellationToken.None);

    public Task<bool> WriteTable(SiloTableEntry entry, MembershipVersion expected) => table.TryWriteAsync(entry, expected, CancellationToken.None);

    public Task WriteAlive(SiloAddress silo, DateTime time) => table.WriteAliveAsync(silo, time, CancellationToken.None);
}
