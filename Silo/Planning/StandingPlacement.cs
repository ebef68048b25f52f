using OrleansLM.Engine.Models;

namespace OrleansLM.Silo.Planning;

/// <summary>A pipeline that runs: its cuts stay, lost stages get new places, and at most one stage moves for speed.</summary>
internal sealed class StandingPlacement(Dictionary<string, DeviceBudget> budgets, PipelineView pipeline)
{
    /// <summary>A move costs loading and a replay, so the slowest stage must become this much faster by it.</summary>
    private const double WorthMoving = 0.75;

    private readonly ModelView _model = pipeline.Model;
    private readonly PlacedStage[] _current = [.. pipeline.Current!];

    public PipelinePlan Place()
    {
        var stages = new PlannedStage[_current.Length];
        for (var i = 0; i < stages.Length; i++)
        {
            if (Stay(_current[i], i == 0) is { } kept)
            {
                stages[i] = kept;
            }
        }

        for (var i = 0; i < stages.Length; i++)
        {
            if (stages[i] is null)
            {
                if (Best(_current[i].Layers, stages) is not { } device)
                {
                    return Nowhere(_current[i].Layers);
                }

                stages[i] = Put(device, _current[i].Layers, StageChange.Moved);
            }
        }

        Improve(stages);
        return new PipelinePlan(pipeline.Name, stages);
    }

    /// <summary>Null: the device is gone. One that is being emptied is left only when another can take the stage.</summary>
    private PlannedStage? Stay(PlacedStage stage, bool isHead)
    {
        if (!budgets.TryGetValue(stage.Device, out var budget))
        {
            return null;
        }

        var bytes = _model.MemoryOf(stage.Layers);
        budget.GiveBack(bytes);
        if (!isHead && !budget.Device.TakesStages && Best(stage.Layers, []) is not null)
        {
            return null;
        }

        return Put(budget, stage.Layers, StageChange.Kept);
    }

    private void Improve(PlannedStage[] stages)
    {
        var slowest = 1;
        for (var i = 1; i < stages.Length; i++)
        {
            slowest = stages[i].Seconds > stages[slowest].Seconds ? i : slowest;
        }

        if (stages.Length < 2 || stages[slowest].Change != StageChange.Kept || stages.Any(stage => stage.Seconds > stages[slowest].Seconds))
        {
            return;
        }

        var layers = stages[slowest].Layers;
        if (Best(layers, stages) is { } better && stages.All(stage => stage.Device != better.Device.Id) && _model.ReadBy(layers) / better.ShareBytesPerSecond <= stages[slowest].Seconds * WorthMoving)
        {
            budgets[stages[slowest].Device].GiveBack(stages[slowest].Bytes);
            stages[slowest] = Put(better, layers, StageChange.Moved);
        }
    }

    /// <summary>The device on which the layers would be fastest; among equals one that has them, then one of the head's zone.</summary>
    private DeviceBudget? Best(LayerRange layers, IEnumerable<PlannedStage?> taken)
    {
        var used = taken.Where(stage => stage is not null).Select(stage => stage!.Device).ToHashSet(StringComparer.Ordinal);
        var zone = budgets[pipeline.Head].Device.Zone;
        return budgets.Values
            .Where(budget => budget.Device.Takes(_model) && budget.FreeBytes >= _model.MemoryOf(layers))
            .OrderBy(budget => used.Contains(budget.Device.Id))
            .ThenByDescending(budget => budget.ShareBytesPerSecond)
            .ThenByDescending(budget => budget.Device.Loaded.Contains(new LoadedShard(_model.Fingerprint, layers)))
            .ThenByDescending(budget => budget.Device.Zone == zone)
            .ThenBy(budget => budget.Device.Id, StringComparer.Ordinal)
            .FirstOrDefault();
    }

    private PlannedStage Put(DeviceBudget budget, LayerRange layers, StageChange change)
    {
        var seconds = _model.ReadBy(layers) / budget.ShareBytesPerSecond;
        var bytes = _model.MemoryOf(layers);
        budget.Take(bytes);
        return new PlannedStage(budget.Device.Id, layers, bytes, seconds, change);
    }

    private PipelinePlan Nowhere(LayerRange layers) => new(
        pipeline.Name, [], $"no device has {_model.MemoryOf(layers)} bytes free for layers {layers}, whose device is gone; the largest has {budgets.Values.Max(budget => budget.FreeBytes)}");
}
