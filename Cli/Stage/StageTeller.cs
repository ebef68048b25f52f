using OrleansLM.Engine.Runtime.Stages;

namespace OrleansLM.Cli.Stage;

/// <summary>Writes a line for everything that happens to a stage.</summary>
internal sealed class StageTeller(TextWriter output) : IStageObserver
{
    private readonly TextWriter _output = TextWriter.Synchronized(output);

    public void Refused(string peer, string reason) => _output.WriteLine($"refused {peer}: {reason}");

    public void Loaded(StageAssignment stage, TimeSpan took) => _output.WriteLine($"loaded {stage} in {took.TotalSeconds:0.00} s");

    public void Connected(StageAssignment stage, long epoch, string peer) => _output.WriteLine($"connected {stage}: {peer}");

    public void Lost(StageAssignment stage, long epoch, string reason) => _output.WriteLine($"disconnected {stage}: {reason}");

    public void Unloaded(StageAssignment stage) => _output.WriteLine($"unloaded {stage}");
}
