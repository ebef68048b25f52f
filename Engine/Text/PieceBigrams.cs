namespace OrleansLM.Engine.Text;

/// <summary>
/// Which two characters stand side by side in any piece. Where two do not, no merge can ever cross between them, so a text may be cut there and
/// its parts encoded apart: between "e" and "▁", for example. A hashed set: it may say yes too often, never no wrongly.
/// </summary>
internal sealed class PieceBigrams
{
    private const int Slots = 1 << 16;

    private readonly bool[] _present = new bool[Slots];

    public void Add(ReadOnlySpan<char> piece)
    {
        for (var i = 1; i < piece.Length; i++)
        {
            _present[Slot(piece[i - 1], piece[i])] = true;
        }
    }

    /// <summary>Where the part that begins at <paramref name="start"/> ends.</summary>
    public int EndOfPart(ReadOnlySpan<char> text, int start)
    {
        var end = start + 1;
        while (end < text.Length && (_present[Slot(text[end - 1], text[end])] || char.IsLowSurrogate(text[end])))
        {
            end++;
        }

        return end;
    }

    private static int Slot(char left, char right) => ((left * 0x9E35) ^ right) & (Slots - 1);
}
