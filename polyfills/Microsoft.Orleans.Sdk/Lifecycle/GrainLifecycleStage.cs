namespace Orleans.Runtime;

/// <summary>Stages of an activation's life.</summary>
public static class GrainLifecycleStage
{
    public const int First = int.MinValue;
    public const int SetupState = 1000;

    /// <summary>After the observers of this stage, OnActivateAsync runs.</summary>
    public const int Activate = 2000;
    public const int Last = int.MaxValue;
}
