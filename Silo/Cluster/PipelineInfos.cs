using OrleansLM.Contracts.Messages;
using OrleansLM.Silo.Models;

namespace OrleansLM.Silo.Cluster;

/// <summary>A replica and its load as callers see it.</summary>
internal static class PipelineInfos
{
    public static PipelineInfo Of(HostedModel model)
    {
        var (description, status) = (model.Engine.Description, model.Engine.GetStatus());
        var bytesPerUnit = description.StateBytesPerSequence > 0 ? description.StateBytesPerSequence : description.StateBytesPerToken * description.PageTokens;
        return new PipelineInfo
        {
            Model = model.Name,
            Backend = description.Backend,
            Stages = description.Stages.Select(stage => new StageInfo { FirstLayer = stage.Start, EndLayer = stage.End, Device = description.BackendKind }).ToArray(),
            RunningTurns = status.RunningTurns,
            WaitingTurns = status.WaitingTurns,
            Sequences = status.Sequences,
            PagesUsed = status.PagesUsed,
            PagesTotal = status.PagesTotal,
            StateBytes = status.PagesTotal * bytesPerUnit,
            Steps = status.Steps,
            PrefilledTokens = status.PrefilledTokens,
            GeneratedTokens = status.GeneratedTokens,
            Evictions = status.Evictions,
            ReusedTokens = status.ReusedTokens,
            PagesCached = status.PagesCached,
        };
    }
}
