namespace OrleansLM.Cli.Bench.Report;

/// <summary>The part of a document that the program writes, between two marks.</summary>
public static class MarkedText
{
    private const string Begin = "<!-- bench:begin";
    private const string End = "<!-- bench:end -->";

    /// <summary><paramref name="document"/> with other text between the marks.</summary>
    /// <exception cref="InvalidDataException">The marks are missing.</exception>
    public static string Replace(string document, string text)
    {
        var begin = document.IndexOf(Begin, StringComparison.Ordinal);
        var end = document.IndexOf(End, StringComparison.Ordinal);
        if (begin < 0 || end < begin)
        {
            throw new InvalidDataException($"expected the marks '{Begin} … -->' and '{End}', in this order");
        }

        var head = document.IndexOf('\n', begin) + 1;
        return string.Concat(document.AsSpan(0, head), text, document.AsSpan(end));
    }
}
