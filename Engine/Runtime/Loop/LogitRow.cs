using OrleansLM.Engine.Runtime.Turns;

namespace OrleansLM.Engine.Runtime.Loop;

/// <summary>A row of logits that a step asked for.</summary>
/// <param name="Turn">Whose it is.</param>
/// <param name="Version">The turn's <see cref="EngineTurn.Version"/> when it was asked for.</param>
/// <param name="Position">Absolute position of the token that it is about: the one after the row's own.</param>
/// <param name="Samples">True when that token is to be chosen, false when it is there and gets a log-probability.</param>
internal readonly record struct LogitRow(EngineTurn Turn, int Version, int Position, bool Samples)
{
    /// <summary>The token that gets a log-probability, when it is not to be chosen.</summary>
    public int GivenToken => Turn.Sequence.Tokens.Span(Position, 1)[0];

    /// <summary>False when the turn is over or lost its state since: what comes of the row is nobody's.</summary>
    public bool IsWanted => Turn.IsAt(Version) && Turn.Error is null;
}
