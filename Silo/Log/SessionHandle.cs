namespace OrleansLM.Silo.Log;

/// <summary>The right to write to a session, until it is opened again elsewhere.</summary>
/// <param name="Row">The session's key inside the log.</param>
/// <param name="SessionId">Its public name.</param>
/// <param name="Epoch">How many times it has been opened.</param>
public sealed record SessionHandle(long Row, string SessionId, long Epoch);
