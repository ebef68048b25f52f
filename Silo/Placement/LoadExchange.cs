using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Runtime;
using OrleansLM.Contracts.Grains;
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
    IOptions<PlacementOptions> options,
    TimeProvider time) : IHostedLifecycleService, IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private Task _work = Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        _work = Task.Run(RunAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await _work;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _stopping.Dispose();

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(options.Value.LoadInterval, time);
        try
        {
            do
            {
                await RefreshAsync();
            }
            while (await timer.WaitForNextTickAsync(_stopping.Token));
        }
        catch (OperationCanceledException)
        {
            // The silo stops.
        }
    }

    private async Task RefreshAsync()
    {
        var active = membership.CurrentSnapshot.Members.Values.Where(member => member.Status == SiloStatus.Active).Select(member => member.SiloAddress).ToList();
        view.Keep(active);
        view.Update(silo.SiloAddress, local.Measure());
        await Task.WhenAll(active.Where(address => !address.Equals(silo.SiloAddress)).Select(AskAsync));
    }

    /// <summary>A silo that does not answer keeps the load that it told last; if it is gone, the membership says so soon.</summary>
    private async Task AskAsync(SiloAddress address)
    {
        try
        {
            view.Update(address, await grains.GetGrain<ISiloGrain>(address.ToParsableString()).GetLoadAsync(_stopping.Token).WaitAsync(options.Value.LoadTimeout, time, _stopping.Token));
            signs.Heard(address);
        }
        catch (Exception failure) when (failure is not OperationCanceledException || !_stopping.IsCancellationRequested)
        {
            // Next time.
        }
    }
}
