using Orleans.Placement;

namespace Orleans.Runtime.Membership;

[GrainType("sys.management"), PreferLocalPlacement]
internal sealed class ManagementGrain(IClusterMembershipService membership) : Grain, IManagementGrain
{
    public async Task<Dictionary<SiloAddress, SiloStatus>> GetHosts(bool onlyActive = false)
    {
        await membership.Refresh();
        return membership.CurrentSnapshot.Members.Values
            .Where(m => !onlyActive || m.Status == SiloStatus.Active)
            .ToDictionary(m => m.SiloAddress, m => m.Status);
    }
}
