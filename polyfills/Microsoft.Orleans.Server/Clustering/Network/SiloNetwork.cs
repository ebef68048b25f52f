using Orleans.Runtime.Membership;
using Orleans.Runtime.Messaging;

namespace Orleans.Runtime.Clustering.Network;

internal sealed class SiloNetwork(SystemTargets targets, SiloControl control, MembershipAgent agent, HealthMonitor monitor, SiloFence fence) : ISiloNetwork
{
    public bool IsFenced => fence.IsFenced;

    public void Open()
    {
        targets.Add(ISiloControl.TypeName, control);
        targets.Add(IGatewayControl.TypeName, control);
    }

    public Task PrepareAsync(CancellationToken cancellation) => agent.PrepareAsync(cancellation);

    public Task JoinAsync(CancellationToken cancellation) => agent.JoinAsync(cancellation);

    public void Start() => monitor.Start();

    public void BeginLeaving() => fence.IsLeaving = true;

    public async Task StopAsync()
    {
        await monitor.StopAsync();
        await agent.StopAsync();
    }
}
