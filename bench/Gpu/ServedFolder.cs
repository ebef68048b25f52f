using OrleansLM.Engine.Runtime.Stages;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Gpu;

/// <summary>One model folder for whatever is asked for; what goes wrong is written to the error stream.</summary>
internal sealed class ServedFolder(string folder) : IStageModels, IStageObserver
{
    public Checkpoint Open(string model) => Checkpoint.Open(folder);

    public void Refused(string peer, string reason) => Console.Error.WriteLine($"refused {peer}: {reason}");

    public void Loaded(StageAssignment stage, TimeSpan took)
    {
    }

    public void Connected(StageAssignment stage, long epoch, string peer)
    {
    }

    public void Lost(StageAssignment stage, long epoch, string reason) => Console.Error.WriteLine($"lost {stage.Layers}: {reason}");

    public void Unloaded(StageAssignment stage)
    {
    }
}
