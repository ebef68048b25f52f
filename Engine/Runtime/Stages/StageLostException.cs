namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>A stage of the replica is gone, with its part of every sequence's state. The message says which and how that showed.</summary>
internal sealed class StageLostException(string message, Exception? inner = null) : Exception(message, inner);
