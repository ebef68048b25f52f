namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>What a stage server has to tell; the engine itself writes no log. Called from any thread.</summary>
public interface IStageObserver
{
    void Refused(string peer, string reason);

    void Loaded(StageAssignment stage, TimeSpan took);

    void Connected(StageAssignment stage, long epoch, string peer);

    void Lost(StageAssignment stage, long epoch, string reason);

    void Unloaded(StageAssignment stage);
}
