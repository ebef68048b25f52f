using OrleansLM.Engine.Models;

namespace OrleansLM.Silo.Planning;

/// <summary>
/// A pipeline that does not run yet. For a time that the slowest stage may take, every device can hold so many layers; the least time for which devices can be
/// found that hold them all is searched by bisection. Exact where layers are equal, as they are in all families.
/// </summary>
internal sealed class FreshPlacement
{
    private const int Bisections = 60;

    private readonly PipelineView _pipeline;
    private readonly ModelView _model;
    private readonly DeviceBudget _head;
    private readonly DeviceBudget[] _others;

    public FreshPlacement(Dictionary<string, DeviceBudget> budgets, PipelineView pipeline)
    {
        (_pipeline, _model, _head) = (pipeline, pipeline.Model, budgets[pipeline.Head]);
        _others = [.. budgets.Values.Where(budget => budget != _head && budget.Device.Takes(_model))];
    }

    public PipelinePlan Place()
    {
        var most = Math.Min(_others.Length + 1, _model.LayerCount);
        if (_pipeline.Stages is { } wanted)
        {
            return wanted <= most ? Place(wanted) ?? Problem(wanted) : TooMany(wanted);
        }

        if (_pipeline.LeastStages > most)
        {
            return TooMany(_pipeline.LeastStages);
        }

        for (var stages = _pipeline.LeastStages; stages <= most; stages++)
        {
            if (Place(stages) is { } plan)
            {
                return plan;
            }
        }

        return Problem(most);
    }

    private PipelinePlan? Place(int stages)
    {
        if (Fill(stages, double.PositiveInfinity) is not { } best)
        {
            return null;
        }

        var (low, high) = (0.0, best.Max(Seconds));
        for (var i = 0; i < Bisections; i++)
        {
            var middle = (low + high) / 2;
            if (Fill(stages, middle) is { } faster)
            {
                best = faster;
                high = Math.Min(middle, faster.Max(Seconds));
            }
            else
            {
                low = middle;
            }
        }

        return new PipelinePlan(_pipeline.Name, [.. best.Select(Take)]);
    }

    /// <summary>Layers on devices so that no stage takes longer than <paramref name="seconds"/>; null when there is no way.</summary>
    private (DeviceBudget Budget, LayerRange Layers)[]? Fill(int stages, double seconds)
    {
        if (stages == 1)
        {
            var all = new LayerRange(0, _model.LayerCount);
            return Fits(_head, all, seconds) ? [(_head, all)] : null;
        }

        var ranked = _others.OrderByDescending(budget => Capacity(budget, seconds))
            .ThenByDescending(budget => budget.Device.Loaded.Any(shard => shard.Fingerprint == _model.Fingerprint))
            .ThenByDescending(budget => budget.Device.Zone == _head.Device.Zone)
            .ThenBy(budget => budget.Device.Id, StringComparer.Ordinal).ToArray();
        foreach (var last in ranked)
        {
            var line = (DeviceBudget[])[_head, .. ranked.Where(budget => budget != last).Take(stages - 2), last];
            if (line.Length == stages && Cut(line, seconds) is { } filled)
            {
                return filled;
            }
        }

        return null;
    }

    /// <summary>Each takes as many layers as it can, and leaves one for each that comes after it; the last takes the rest or there is no way.</summary>
    private (DeviceBudget Budget, LayerRange Layers)[]? Cut(DeviceBudget[] line, double seconds)
    {
        var filled = new (DeviceBudget, LayerRange)[line.Length];
        var start = 0;
        for (var i = 0; i < line.Length; i++)
        {
            var isLast = i == line.Length - 1;
            var end = isLast ? _model.LayerCount : _model.LayerCount - (line.Length - 1 - i);
            while (!isLast && end > start && !Fits(line[i], new LayerRange(start, end), seconds))
            {
                end--;
            }

            if (end <= start || (isLast && !Fits(line[i], new LayerRange(start, end), seconds)))
            {
                return null;
            }

            filled[i] = (line[i], new LayerRange(start, end));
            start = end;
        }

        return filled;
    }

    /// <summary>Layers that the device can hold somewhere in the middle.</summary>
    private double Capacity(DeviceBudget budget, double seconds)
    {
        var layer = (double)_model.LayerBytes.Sum() / _model.LayerCount;
        return Math.Floor(Math.Min(budget.FreeBytes / (layer + _model.StateBytesPerLayer), Math.Min(seconds * budget.ShareBytesPerSecond / layer, _model.LayerCount)));
    }

    private bool Fits(DeviceBudget budget, LayerRange layers, double seconds) =>
        _model.MemoryOf(layers) <= budget.FreeBytes && _model.ReadBy(layers) <= seconds * budget.ShareBytesPerSecond;

    private double Seconds((DeviceBudget Budget, LayerRange Layers) stage) => _model.ReadBy(stage.Layers) / stage.Budget.ShareBytesPerSecond;

    private PlannedStage Take((DeviceBudget Budget, LayerRange Layers) stage)
    {
        var seconds = Seconds(stage);
        var bytes = _model.MemoryOf(stage.Layers);
        stage.Budget.Take(bytes);
        return new PlannedStage(stage.Budget.Device.Id, stage.Layers, bytes, seconds, StageChange.New);
    }

    private PipelinePlan TooMany(int stages) => new(
        _pipeline.Name, [], $"{stages} stages of {_model.Name}; {_others.Length + 1} devices can take one (the first one's, and those with Stages:Enabled that have the model and do not drain), and there are {_model.LayerCount} layers");

    private PipelinePlan Problem(int stages)
    {
        var needed = _model.MemoryOf(new LayerRange(0, _model.LayerCount));
        var free = _head.FreeBytes + _others.Sum(budget => budget.FreeBytes);
        return new PipelinePlan(_pipeline.Name, [], $"{_model.Name} takes {needed} bytes and does not fit in {stages} stages; the {_others.Length + 1} devices have {free} bytes free, the first {_head.FreeBytes}");
    }
}
