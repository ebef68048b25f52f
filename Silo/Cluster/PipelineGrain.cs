using Orleans;
using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Runtime;
using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Grains;
using OrleansLM.Contracts.Messages;
using OrleansLM.Silo.Models;

namespace OrleansLM.Silo.Cluster;

/// <summary>The control shell of a replica on this silo.</summary>
[Reentrant]
[PreferLocalPlacement]
public sealed class PipelineGrain(ModelRegistry models, ILocalSiloDetails silo) : Grain, IPipelineGrain
{
    public Task<PipelineInfo> GetAsync(CancellationToken cancellationToken = default)
    {
        var key = this.GetPrimaryKeyString();
        var slash = key.IndexOf('/', StringComparison.Ordinal);
        var model = slash > 0 && key[..slash] == silo.Name ? models.Find(key[(slash + 1)..]) : null;
        return Task.FromResult(model is not null ? PipelineInfos.Of(model) : throw new OrleansLMException(
            ErrorCode.NotFound, $"there is no pipeline '{key}' on silo '{silo.Name}'; expected {silo.Name}/MODEL of a model that is loaded here"));
    }
}
