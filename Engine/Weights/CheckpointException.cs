namespace OrleansLM.Engine.Weights;

/// <summary>A model folder that cannot be used: the message names the file, the place in it, what was found and what was expected.</summary>
public sealed class CheckpointException(string message, Exception? inner = null) : Exception(message, inner);
