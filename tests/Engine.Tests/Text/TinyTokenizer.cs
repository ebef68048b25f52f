using OrleansLM.Engine.Text;

namespace OrleansLM.Engine.Tests.Text;

/// <summary>The tokenizer of the shipped models, and texts to try it on.</summary>
internal static class TinyTokenizer
{
    /// <summary>The first learned piece; scores fall with the id from here on.</summary>
    public const int FirstLearned = 259;

    public static string Folder => TestFiles.Model("tiny-yarn-mistral-128k");

    public static ModelTokenizer Open() => ModelTokenizers.Open(Folder);

    public static string Book => File.ReadAllText(TestFiles.Model("eval/mansfield-park.txt"));

    public static readonly string[] Texts =
    [
        "Hello", "Hello world", " Hello", "  Hello", "Hello  world", "\n", "a\nb", "\t", "héllo", "日本語", "🙂", "👩‍👩‍👧", "don't", "12345", "3.14",
        "<s>", "</s>", "<unk>", "<0x0A>", "Machine learning is", "xxxxxxxxxxxxxxxxxxxx", "aaa", "aaaaa", " ", "     ", "                 ", "a         b", "naïve café", "end ",
        "The quick brown fox jumps over the lazy dog.", "def f(x):\n    return x+1\n", "\0", "🦙 llama", "Zażółć gęślą jaźń", "𝔘𝔫𝔦", "\r\n", "ﬁne", "é",
        "thethethethe", "mississippi", "It was a dark night, and the the the the",
    ];

    /// <summary>Strings of letters, spaces, line ends, accents and emoji.</summary>
    public static IEnumerable<string> RandomTexts(int count, int seed)
    {
        string[] alphabet = ["a", "e", "t", "h", "s", "n", "the", "ing", " ", " ", "  ", "\n", "1", "0", ".", ",", "é", "—", "“", "日", "🦙", "<", ">", "s", "A", "x"];
        var random = new Random(seed);
        for (var i = 0; i < count; i++)
        {
            yield return string.Concat(Enumerable.Range(0, random.Next(1, 40)).Select(_ => alphabet[random.Next(alphabet.Length)]));
        }
    }
}
