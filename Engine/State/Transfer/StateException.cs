namespace OrleansLM.Engine.State.Transfer;

/// <summary>A stored state that cannot be used here. Nothing was changed.</summary>
public sealed class StateException(StateFault fault, string message, Exception? inner = null) : Exception(message, inner)
{
    public StateFault Fault { get; } = fault;
}
