namespace OrleansLM.Engine.Runtime.Links;

/// <summary>The other side does not want this link; the message is its reason. Trying again as it is will not help.</summary>
public sealed class LinkRefusedException(string message) : IOException(message);
