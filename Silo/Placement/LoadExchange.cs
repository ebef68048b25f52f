using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Runtime;
using OrleansLM.Contracts.Grains;
using OrleansLM.Silo.Hosting;
using OrleansLM.Silo.Membership;

namespace OrleansLM.Silo.Placement;

/// <summary>Asks every silo for its load, again and again, so that placement need not.</summary>
internal sealed class LoadExchange(
    IGrainFactory grains,
    IClusterMembershipService membership,
    ILocalSiloDetails silo,
    LocalLoad local,
    ClusterView view,
    PeerSigns signs,
    ModelAgreement agreement,
    IOptions<PlacementOptions> options,
    TimeProvider time) : SiloWork
{
    /// <summary>Those that a draining silo moves its sessions to are chosen by it.</summary>
    protected override bool OutlastsDraining => true;

    protected override async Task RunAsync()
    {
        await RefreshAsync();
        view.Update(silo.SiloAddress, local.Measure());
        await EveryAsync(options.Value.LoadInterval, time, RefreshAsync);
    }

    private async Task RefreshAsync()
    {
        var active = membership.CurrentSnapshot.Members.Values.Where(member => member.Status == SiloStatus.Active).Select(member => member.SiloAddress).ToList();
        view.Keep(active);
        view.Update(silo.SiloAddress, local.Measure());
        await Task.WhenAll(active.Where(address => !address.Equals(silo.SiloAddress)).Select(AskAsync));
        agreement.Look();
    }

    /// <summary>A silo that does not answer keeps the load that it told last; if it is gone, the membership says so soon.</summary>
    private async Task AskAsync(SiloAddress address)
    {
        try
        {
            view.Update(address, await grains.GetGrain<ISiloGrain>(address.ToParsableString()).GetLoadAsync(Stopping).WaitAsync(options.Value.LoadTimeout, time, Stopping));
            signs.Heard(address);
        }
        catch (Exception failure) when (failure is not OperationCanceledException || !Stopping.IsCancellationRequested)
        {
            // Next time.
        }
    }
}
