using System.Runtime.CompilerServices;
using Orleans;
using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Runtime;
using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Grains;
using OrleansLM.Contracts.Messages;
using OrleansLM.Silo.Models;

namespace OrleansLM.Silo.Cluster;

/// <summary>The silos that the membership knows, and what each of them says of itself.</summary>
[Reentrant]
[PreferLocalPlacement]
public sealed class ClusterGrain(ModelRegistry models, ILocalSiloDetails silo, IClusterMembershipService membership, TimeProvider time) : Grain, IClusterGrain
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    /// <summary>The latest run of each silo.</summary>
    private IEnumerable<ClusterMember> Members => membership.CurrentSnapshot.Members.Values
        .GroupBy(member => member.Name)
        .Select(runs => runs.MaxBy(member => member.SiloAddress.Generation)!)
        .OrderBy(member => member.Name, StringComparer.Ordinal);

    private IEnumerable<ClusterMember> ActiveMembers => Members.Where(member => member.Status == SiloStatus.Active);

    public async Task<TopologyInfo> GetTopologyAsync(CancellationToken cancellationToken = default)
    {
        var silos = await Task.WhenAll(Members.Select(member => DescribeAsync(member, cancellationToken)));
        return new TopologyInfo { ClusterId = silo.ClusterId, Silos = silos, Time = time.GetUtcNow() };
    }

    public async Task<IReadOnlyList<SessionLocation>> ListSessionsAsync(CancellationToken cancellationToken = default)
    {
        var lists = await Task.WhenAll(ActiveMembers.Select(member => ListAsync(member, silo => silo.ListSessionsAsync(cancellationToken), cancellationToken)));
        return lists.SelectMany(sessions => sessions).ToArray();
    }

    public async Task<MoveReport> MoveAsync(string sessionId, string? target, CancellationToken cancellationToken = default)
    {
        var to = string.IsNullOrEmpty(target) ? null : Find(target, "target").SiloAddress.ToParsableString();
        var all = await ListSessionsAsync(cancellationToken);
        if (all.FirstOrDefault(session => session.SessionId == sessionId) is { } found)
        {
            return await GrainFactory.GetGrain<ISiloGrain>(found.Address).MoveAsync(sessionId, to, cancellationToken);
        }

        throw new OrleansLMException(ErrorCode.NotFound, $"session '{sessionId}' is in the memory of no silo: it is read from the log wherever it is called next")
        {
            Field = "session_id",
            Reason = "SESSION_NOT_HERE",
        };
    }

    public async IAsyncEnumerable<MoveReport> DrainAsync(string silo, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var report in Grain(Find(silo, "silo")).DrainAsync(cancellationToken).WithCancellation(cancellationToken))
        {
            yield return report;
        }
    }

    public Task UndrainAsync(string silo, CancellationToken cancellationToken = default) => Grain(Find(silo, "silo")).UndrainAsync(cancellationToken);

    /// <remarks>Silos that serve models serve the same ones, so that nobody waits for the others unless this one serves none.</remarks>
    public async Task<IReadOnlyList<ModelInfo>> ListModelsAsync(CancellationToken cancellationToken = default)
    {
        if (models.All is { Count: > 0 } here)
        {
            return here.Select(ModelInfos.Of).ToArray();
        }

        var lists = await Task.WhenAll(ActiveMembers.Select(member => ListAsync(member, silo => silo.ListModelsAsync(cancellationToken), cancellationToken)));
        return lists.SelectMany(served => served).DistinctBy(model => model.Name, StringComparer.Ordinal).OrderBy(model => model.Name, StringComparer.Ordinal).ToArray();
    }

    /// <summary>Of a silo that does not answer the membership knows name, address and status.</summary>
    private async Task<SiloInfo> DescribeAsync(ClusterMember member, CancellationToken cancellationToken)
    {
        try
        {
            if (member.Status == SiloStatus.Active)
            {
                return await Grain(member).DescribeAsync(cancellationToken).WaitAsync(s_patience, time, cancellationToken);
            }
        }
        catch (Exception failure) when (failure is OrleansException or TimeoutException or OrleansLMException)
        {
            // Said below.
        }

        return new SiloInfo
        {
            Name = member.Name,
            Address = member.SiloAddress.ToString(),
            Status = member.Status.ToString(),
            StartTime = DateTimeOffset.UnixEpoch,
            Version = "",
            Pipelines = Array.Empty<PipelineInfo>(),
        };
    }

    /// <summary>A silo that does not answer has nothing to list.</summary>
    private async Task<IReadOnlyList<T>> ListAsync<T>(ClusterMember member, Func<ISiloGrain, Task<IReadOnlyList<T>>> ask, CancellationToken cancellationToken)
    {
        try
        {
            return await ask(Grain(member)).WaitAsync(s_patience, time, cancellationToken);
        }
        catch (Exception failure) when (failure is OrleansException or TimeoutException or OrleansLMException)
        {
            return Array.Empty<T>();
        }
    }

    private ClusterMember Find(string nameOrAddress, string field) =>
        ActiveMembers.FirstOrDefault(member => member.Name == nameOrAddress || member.SiloAddress.ToParsableString() == nameOrAddress || member.SiloAddress.ToString() == nameOrAddress)
        ?? throw OrleansLMException.Invalid(field, $"is '{nameOrAddress}'; expected one of {string.Join(", ", ActiveMembers.Select(member => member.Name))}");

    private ISiloGrain Grain(ClusterMember member) => GrainFactory.GetGrain<ISiloGrain>(member.SiloAddress.ToParsableString());
}
