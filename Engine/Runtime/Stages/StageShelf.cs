using System.Diagnostics;
using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime.Links;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>The stages of a server, by pipeline and layers: each is loaded once, and again when it is asked for with other dimensions.</summary>
internal sealed class StageShelf(StageServerOptions options, IStageModels models, IStageObserver observer) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Pipeline, LayerRange Layers), HostedStage> _stages = [];
    private bool _disposed;

    /// <summary>The assigned stage, loaded if it is not there.</summary>
    /// <exception cref="LinkRefusedException">It cannot be loaded; the message says why.</exception>
    public HostedStage Get(StageAssignment assignment)
    {
        // One stage is loaded at a time: two that are loaded together would read the same disk.
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var key = (assignment.Pipeline, assignment.Layers);
            if (_stages.TryGetValue(key, out var stage))
            {
                if (stage.Assignment == assignment)
                {
                    return stage;
                }

                Remove(key, stage);
            }

            return _stages[key] = Load(assignment);
        }
    }

    public IReadOnlyList<StageInUse> Describe()
    {
        lock (_lock)
        {
            return [.. _stages.Values.Select(stage => stage.Describe()).OrderBy(stage => stage.Stage.Pipeline, StringComparer.Ordinal).ThenBy(stage => stage.Stage.Layers.Start)];
        }
    }

    public void Unload(string pipeline, LayerRange? keep) => RemoveWhere(stage => stage.Assignment.Pipeline == pipeline && stage.Assignment.Layers != keep);

    public void UnloadIdle(TimeSpan limit) => RemoveWhere(stage => stage.IdleSince is { } since && Stopwatch.GetElapsedTime(since) >= limit);

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            foreach (var stage in _stages.Values)
            {
                stage.Dispose();
            }

            _stages.Clear();
        }
    }

    private void RemoveWhere(Func<HostedStage, bool> condition)
    {
        lock (_lock)
        {
            foreach (var (key, stage) in _stages.Where(entry => condition(entry.Value)).ToArray())
            {
                Remove(key, stage);
            }
        }
    }

    private void Remove((string Pipeline, LayerRange Layers) key, HostedStage stage)
    {
        _stages.Remove(key);
        stage.Dispose();
        observer.Unloaded(stage.Assignment);
    }

    private HostedStage Load(StageAssignment assignment)
    {
        var began = Stopwatch.GetTimestamp();
        try
        {
            var stage = new HostedStage(assignment, Open(assignment), options.Engine, observer);
            observer.Loaded(assignment, Stopwatch.GetElapsedTime(began));
            return stage;
        }
        catch (Exception error) when (error is CheckpointException or OutOfMemoryException or ArgumentException)
        {
            throw new LinkRefusedException($"{assignment} cannot be loaded: {error.Message}");
        }
    }

    private Checkpoint Open(StageAssignment assignment)
    {
        var checkpoint = models.Open(assignment.Model);
        if (checkpoint.Fingerprint == assignment.Fingerprint)
        {
            return checkpoint;
        }

        var found = checkpoint.Fingerprint;
        checkpoint.Dispose();
        throw new CheckpointException($"the weights here have the fingerprint {found}; expected {assignment.Fingerprint}");
    }
}
