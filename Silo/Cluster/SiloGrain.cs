using System.Reflection;
using Orleans;
using Orleans.Concurrency;
using Orleans.Runtime;
using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Grains;
using OrleansLM.Contracts.Messages;
using OrleansLM.Silo.Models;
using OrleansLM.Silo.Moving;
using OrleansLM.Silo.Placement;
using OrleansLM.Silo.Sessions;

namespace OrleansLM.Silo.Cluster;

/// <summary>This silo, for the others.</summary>
[Reentrant]
[PinnedPlacement]
public sealed class SiloGrain(
    ModelRegistry models, ActiveSessions active, LocalLoad local, ClusterView view, SessionMover mover, StateCourier courier, ILocalSiloDetails silo, IClusterMembershipService membership, SiloClock clock)
    : Grain, ISiloGrain
{
    private static readonly string s_version =
        typeof(SiloGrain).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    public Task<SiloLoad> GetLoadAsync(CancellationToken cancellationToken = default) => Task.FromResult(local.Measure());

    public Task<SiloInfo> DescribeAsync(CancellationToken cancellationToken = default) => Task.FromResult(new SiloInfo
    {
        Name = silo.Name,
        Address = silo.SiloAddress.ToString(),
        Status = membership.CurrentSnapshot.GetSiloStatus(silo.SiloAddress).ToString(),
        StartTime = clock.StartTime,
        Version = s_version,
        Pipelines = models.All.Select(PipelineInfos.Of).ToArray(),
        Load = local.Measure(),
    });

    public Task<IReadOnlyList<ModelInfo>> ListModelsAsync(CancellationToken cancellationToken = default) =>
        Task.FromResult<IReadOnlyList<ModelInfo>>(models.All.Select(ModelInfos.Of).ToArray());

    public Task<IReadOnlyList<SessionLocation>> ListSessionsAsync(CancellationToken cancellationToken = default) =>
        Task.FromResult<IReadOnlyList<SessionLocation>>(active.Locations().ToArray());

    public IAsyncEnumerable<MoveReport> DrainAsync(CancellationToken cancellationToken = default) => mover.DrainAsync(cancellationToken);

    public Task UndrainAsync(CancellationToken cancellationToken = default)
    {
        local.IsDraining = false;
        view.Update(silo.SiloAddress, local.Measure());
        return Task.CompletedTask;
    }

    public IAsyncEnumerable<byte[]> ExportAsync(string sessionId, int from, CancellationToken cancellationToken = default) => courier.SendAsync(sessionId, from, cancellationToken);

    public Task<int> FetchAsync(string sessionId, string model, string source, CancellationToken cancellationToken = default) =>
        courier.FetchAsync(sessionId, model, source, cancellationToken);

    public Task<MoveReport> MoveAsync(string sessionId, string? target, CancellationToken cancellationToken = default) =>
        mover.MoveAsync(sessionId, target is null ? null : Known(target), cancellationToken);

    private SiloAddress Known(string address) => membership.CurrentSnapshot.Members.Values
        .FirstOrDefault(member => member.Status == SiloStatus.Active && member.SiloAddress.ToParsableString() == address)?.SiloAddress
        ?? throw OrleansLMException.Invalid("target", $"is '{address}'; expected the address of an active silo");
}
