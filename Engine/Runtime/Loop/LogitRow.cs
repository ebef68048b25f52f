using OrleansLM.Engine.Runtime.Turns;

namespace OrleansLM.Engine.Runtime.Loop;

/// <summary>A row of logits that a step asked for.</summary>
/// <param name="Turn">Whose it is.</param>
/// <param name="Position">Absolute position of the token that it is about: the one after the row's own.</param>
/// <param name="Samples">True when that token is to be chosen, false when it is there and gets a log-probability.</param>
internal readonly record struct LogitRow(EngineTurn Turn, int Position, bool Samples);
