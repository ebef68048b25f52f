namespace OrleansLM.Engine.Runtime.Links;

/// <summary>A connection is gone, or could not be made. The message says to whom, and why.</summary>
public sealed class LinkLostException(string message, Exception? inner = null) : IOException(message, inner);
