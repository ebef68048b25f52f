namespace OrleansLM.Silo.Log;

/// <summary>A turn that was begun and not ended.</summary>
public sealed record UnfinishedTurn(string SessionId, string TurnId);
