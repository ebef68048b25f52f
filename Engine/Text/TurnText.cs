namespace OrleansLM.Engine.Text;

/// <summary>
/// The text of one turn as it is generated: whole characters, and nothing that may yet turn out to be a stop string. The stop string that
/// ends first counts, and of those that end together the longest; it and what follows are not given out. Matching is ordinal and does not
/// depend on how the text falls into tokens; the same ids give the same pieces of text.
/// </summary>
public sealed class TurnText
{
    private readonly StreamingDetokenizer _detokenizer;
    private readonly string[] _stops;
    private string _held = "";

    /// <param name="tokenizer">The model's.</param>
    /// <param name="stopStrings">Checked by <see cref="Sampling.StopConditions.Validate"/>.</param>
    /// <param name="before">Tokens of the sequence that the turn goes on from; where none of them is visible, the text's first space is dropped.</param>
    public TurnText(ModelTokenizer tokenizer, IReadOnlyList<string> stopStrings, ReadOnlySpan<int> before)
    {
        _detokenizer = new StreamingDetokenizer(tokenizer, before);
        _stops = [.. stopStrings];
    }

    /// <summary>The stop string that was completed; null while none was.</summary>
    public string? MatchedStop { get; private set; }

    /// <summary>A stop string was completed: the turn is over.</summary>
    public bool StopMatched => MatchedStop is not null;

    /// <summary>Text that became final with this token; often empty, and always after a stop string.</summary>
    public string Push(int id)
    {
        if (StopMatched)
        {
            return "";
        }

        var text = _detokenizer.Push(id);
        return _stops.Length == 0 ? text : Release(text);
    }

    /// <summary>The end of the turn: what was held back. Empty after a stop string.</summary>
    public string Flush()
    {
        if (StopMatched)
        {
            return "";
        }

        var text = Release(_detokenizer.Flush());
        (text, _held) = (text + _held, "");
        return text;
    }

    private string Release(string text)
    {
        var searched = _held.Length;
        var all = searched == 0 ? text : _held + text;
        if (FindStop(all, searched) is (var start, { } stop))
        {
            MatchedStop = stop;
            _held = "";
            return all[..start];
        }

        var free = all.Length - LongestPartialStop(all);
        _held = all[free..];
        return free == all.Length ? all : all[..free];
    }

    /// <summary>The stop string that ends first at or after <paramref name="searched"/>: nothing that is held back already holds one.</summary>
    private (int Start, string? Stop) FindStop(string text, int searched)
    {
        for (var end = searched + 1; end <= text.Length; end++)
        {
            string? longest = null;
            foreach (var stop in _stops)
            {
                if (stop.Length > (longest?.Length ?? 0) && text.AsSpan(0, end).EndsWith(stop, StringComparison.Ordinal))
                {
                    longest = stop;
                }
            }

            if (longest is not null)
            {
                return (end - longest.Length, longest);
            }
        }

        return (0, null);
    }

    /// <summary>Length of the longest end of <paramref name="text"/> that a stop string begins with.</summary>
    private int LongestPartialStop(string text)
    {
        var longest = 0;
        foreach (var stop in _stops)
        {
            for (var length = Math.Min(stop.Length - 1, text.Length); length > longest; length--)
            {
                if (text.AsSpan(text.Length - length).SequenceEqual(stop.AsSpan(0, length)))
                {
                    longest = length;
                }
            }
        }

        return longest;
    }
}
