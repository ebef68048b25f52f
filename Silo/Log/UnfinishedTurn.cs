namespace OrleansLM.Silo.Log;

/// <summary>A turn that was begun and not ended.</summary>
/// <param name="SessionId">Its session.</param>
/// <param name="TurnId">The turn.</param>
/// <param name="CancelOnDisconnect"><see cref="TurnParameters.CancelOnDisconnect"/>.</param>
/// <param name="Owner">The silo that opened the session last; empty when it said none.</param>
public sealed record UnfinishedTurn(string SessionId, string TurnId, bool CancelOnDisconnect, string Owner = "");
