namespace OrleansLM.Contracts.Messages;

/// <summary>What happens to a turn when its caller goes away.</summary>
[GenerateSerializer, Alias("orleanslm.DisconnectPolicy")]
public enum DisconnectPolicy
{
    /// <summary>The turn goes on and can be resumed.</summary>
    Continue = 0,

    /// <summary>The turn is cancelled; what it generated stays.</summary>
    Cancel = 1,
}
