using OrleansLM.Engine.Sampling;

namespace OrleansLM.Silo.Sessions;

/// <summary>A generated token, or the log-probability of an appended one, as a turn's buffer keeps it.</summary>
/// <param name="Position">In the session.</param>
/// <param name="Token">Its log-probability is NaN when not asked for.</param>
/// <param name="Text">Text that became final with it.</param>
/// <param name="Top">Alternatives, best first; null unless asked for.</param>
internal readonly record struct TurnEntry(int Position, TokenLogProb Token, string Text, IReadOnlyList<TokenLogProb>? Top);
