namespace OrleansLM.Silo.Log;

/// <summary>A turn that was begun and not ended.</summary>
/// <param name="SessionId">Its session.</param>
/// <param name="TurnId">The turn.</param>
/// <param name="CancelOnDisconnect"><see cref="TurnParameters.CancelOnDisconnect"/>.</param>
public sealed record UnfinishedTurn(string SessionId, string TurnId, bool CancelOnDisconnect);
