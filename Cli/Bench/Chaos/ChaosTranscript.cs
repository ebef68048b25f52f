namespace OrleansLM.Cli.Bench.Chaos;

/// <summary>What a client received of a turn: offsets and ids in order, and its longest wait.</summary>
internal sealed record ChaosTranscript(IReadOnlyList<(long Offset, int Id)> Tokens, string Text, TimeSpan LongestWait)
{
    public bool IsSameAs(ChaosTranscript other) => Tokens.SequenceEqual(other.Tokens) && Text == other.Text;
}
