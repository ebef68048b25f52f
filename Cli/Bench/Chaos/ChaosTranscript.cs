namespace OrleansLM.Cli.Bench.Chaos;

/// <summary>What a client received of a turn, in order, and its longest wait.</summary>
internal sealed record ChaosTranscript(IReadOnlyList<ChaosToken> Tokens, string Text, TimeSpan LongestWait)
{
    public bool IsSameAs(ChaosTranscript other) => Tokens.SequenceEqual(other.Tokens) && Text == other.Text;

    /// <summary>Where the two part, for a message.</summary>
    public string DifferenceFrom(ChaosTranscript expected)
    {
        var common = Tokens.Zip(expected.Tokens).TakeWhile(pair => pair.First == pair.Second).Count();
        return $"{Tokens.Count} tokens, expected {expected.Tokens.Count}; the first {common} are equal, then {At(this, common)}, expected {At(expected, common)}";
    }

    private static string At(ChaosTranscript transcript, int index) => index < transcript.Tokens.Count ? $"{transcript.Tokens[index]}" : $"the end with {transcript.Text.Length} characters";
}
