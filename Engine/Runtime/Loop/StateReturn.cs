namespace OrleansLM.Engine.Runtime.Loop;

/// <summary>The state of a turn on its way back, after a stage was lost with it. Engine's thread.</summary>
internal sealed class StateReturn
{
    /// <summary>Its owner has been asked.</summary>
    public bool IsUnderWay { get; set; }
}
