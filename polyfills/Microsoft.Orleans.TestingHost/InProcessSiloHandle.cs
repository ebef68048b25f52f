using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Runtime.Clustering;
using Orleans.Runtime.Membership;
using Orleans.Runtime.Messaging;

namespace Orleans.TestingHost;

/// <summary>A silo of a test cluster, with its host.</summary>
public class InProcessSiloHandle : SiloHandle
{
    private int _isStopped;

    public IHost SiloHost { get; init; } = null!;

    public IServiceProvider ServiceProvider => SiloHost.Services;

    public override bool IsActive => Volatile.Read(ref _isStopped) == 0;

    public override Task StopSiloAsync(bool stopGracefully) => stopGracefully ? StopSiloAsync(CancellationToken.None) : KillAsync();

    public override async Task StopSiloAsync(CancellationToken ct)
    {
        if (Interlocked.Exchange(ref _isStopped, 1) == 0)
            await SiloHost.StopAsync(ct);
    }

    public override async ValueTask DisposeAsync()
    {
        await StopSiloAsync(CancellationToken.None);
        if (SiloHost is IAsyncDisposable host)
            await host.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    // It is cut off at once, and the others learn of it at once, as if failure detection took no time. What runs in it then ends unheard.
    private async Task KillAsync()
    {
        if (Interlocked.Exchange(ref _isStopped, 1) != 0)
            return;

        ServiceProvider.GetRequiredService<IMessageTransport>().CutOff(SiloAddress);
        ServiceProvider.GetRequiredService<IPeerSilos>().Detach(SiloAddress);
        await ServiceProvider.GetRequiredService<SiloMembership>().TryKill(SiloAddress);
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await SiloHost.StopAsync(now.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
