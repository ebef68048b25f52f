namespace OrleansLM.Cli.Perplexity;

/// <summary>One window of a text: tokens [Start, End) after BOS, of which those from <paramref name="FirstTarget"/> on are scored.</summary>
/// <param name="Start">First token of the text in the window.</param>
/// <param name="FirstTarget">First token whose loss counts.</param>
/// <param name="End">After the last token.</param>
internal readonly record struct ScoringWindow(int Start, int FirstTarget, int End)
{
    /// <summary>The windows of spec §7 over <paramref name="tokens"/> tokens: <paramref name="size"/> tokens each, one every <paramref name="stride"/>, until the text's end.</summary>
    public static IEnumerable<ScoringWindow> Slide(int tokens, int size, int stride)
    {
        var scored = 0;
        for (var start = 0; scored < tokens && start < tokens; start += stride)
        {
            var end = Math.Min(start + size, tokens);
            yield return new ScoringWindow(start, Math.Max(start, scored), end);
            scored = end;
        }
    }
}
