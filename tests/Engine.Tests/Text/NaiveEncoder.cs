using System.Text;
using OrleansLM.Engine.Text;

namespace OrleansLM.Engine.Tests.Text;

/// <summary>Spec §4.2 word for word for the tiny vocabulary: look at every pair, join the best, begin again.</summary>
internal sealed class NaiveEncoder
{
    private readonly Dictionary<string, int> _ids = [];

    public NaiveEncoder(ModelTokenizer tokenizer)
    {
        for (var id = TinyTokenizer.FirstLearned; id < tokenizer.VocabularySize; id++)
        {
            _ids.Add(tokenizer.Piece(id), id);
        }
    }

    public int[] Encode(string text)
    {
        var symbols = ("▁" + text.Replace(' ', '▁')).EnumerateRunes().Select(rune => rune.ToString()).ToList();
        while (Best(symbols) is (>= 0 and var place, _))
        {
            symbols[place] += symbols[place + 1];
            symbols.RemoveAt(place + 1);
        }

        return [.. symbols.SelectMany(symbol => _ids.TryGetValue(symbol, out var id) ? [id] : Encoding.UTF8.GetBytes(symbol).Select(value => value + 3))];
    }

    private (int Place, int Id) Best(List<string> symbols)
    {
        var best = (Place: -1, Id: int.MaxValue);
        for (var i = 0; i + 1 < symbols.Count; i++)
        {
            if (_ids.TryGetValue(symbols[i] + symbols[i + 1], out var id) && id < best.Id)
            {
                best = (i, id);
            }
        }

        return best;
    }
}
