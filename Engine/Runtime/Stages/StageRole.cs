namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>What a link to a stage is for. Values are on the wire: append only.</summary>
public enum StageRole
{
    /// <summary>Steps come in, from the stage before or from the engine.</summary>
    Steps = 1,

    /// <summary>Results go out, from the last stage to the engine.</summary>
    Results = 2,
}
