using System.Text;
using OrleansLM.Engine.Text;

namespace OrleansLM.Engine.Tests.Text;

public sealed class TurnTextTests
{
    private static readonly ModelTokenizer Tokenizer = TinyTokenizer.Open();

    [Theory]
    [InlineData("one two three", "two", "one ", "two")]
    [InlineData("one two three", "none", "one two three", null)]
    [InlineData("aab", "ab", "a", "ab")]
    [InlineData("aaab", "aab", "a", "aab")]
    [InlineData("ababac", "abac", "ab", "abac")]
    [InlineData("end\n\nUser: x", "\n\nUser:", "end", "\n\nUser:")]
    [InlineData("x🦙y", "🦙", "x", "🦙")]
    [InlineData("abc", "b|abc", "a", "b")]
    [InlineData("xabc", "bc|abc|c", "x", "abc")]
    [InlineData("stop", "stop", "", "stop")]
    [InlineData("sto", "stop", "sto", null)]
    [InlineData("A b", "a", "A b", null)]
    public void Text_ends_before_the_stop_string_that_ends_first(string text, string stops, string expected, string? matched)
    {
        foreach (var ids in new[] { Tokenizer.Encode(text, addBos: false), Spelled(text) })
        {
            var turn = new TurnText(Tokenizer, stops.Split('|'), [1]);
            Assert.Equal(expected, Run(turn, ids));
            Assert.Equal((matched, matched is not null), (turn.MatchedStop, turn.StopMatched));
        }
    }

    [Fact]
    public void Nothing_of_a_possible_stop_string_is_given_out()
    {
        var turn = new TurnText(Tokenizer, ["###"], [1]);
        Assert.Equal("a", turn.Push(Spelled("a")[0]));
        Assert.Equal("", turn.Push(Spelled("#")[0]));
        Assert.Equal("", turn.Push(Spelled("#")[0]));
        Assert.Equal("##b", turn.Push(Spelled("b")[0]));
        Assert.Equal("", turn.Push(Spelled("#")[0]));
        Assert.Equal("#", turn.Flush());
    }

    [Fact]
    public void After_the_stop_there_is_no_more_text()
    {
        var turn = new TurnText(Tokenizer, ["b"], [1]);
        Run(turn, Spelled("ab"));
        Assert.Equal("", turn.Push(Spelled("c")[0]));
        Assert.Equal("", turn.Flush());
    }

    [Fact]
    public void Replaying_the_same_ids_gives_the_same_pieces()
    {
        foreach (var text in TinyTokenizer.RandomTexts(200, seed: 7))
        {
            var ids = Tokenizer.Encode(text, addBos: false);
            Assert.Equal(Pieces(ids), Pieces(ids));
        }
    }

    [Fact]
    public void Every_way_to_cut_a_text_gives_the_same_result_as_searching_the_whole()
    {
        string[] stops = ["the", "he t", "ing", "\n", "é"];
        foreach (var text in TinyTokenizer.RandomTexts(1000, seed: 8))
        {
            var ends = Enumerable.Range(1, text.Length).FirstOrDefault(end => stops.Any(stop => text[..end].EndsWith(stop, StringComparison.Ordinal)));
            var expected = ends == 0 ? text : text[..(ends - stops.Where(stop => text[..ends].EndsWith(stop, StringComparison.Ordinal)).Max(stop => stop.Length))];
            Assert.Equal(expected, Run(new TurnText(Tokenizer, stops, [1]), Tokenizer.Encode(text, addBos: false)));
            Assert.Equal(expected, Run(new TurnText(Tokenizer, stops, [1]), Spelled(text)));
        }
    }

    private static string Run(TurnText turn, int[] ids) => string.Concat(ids.Select(turn.Push)) + turn.Flush();

    private static List<string> Pieces(int[] ids)
    {
        var turn = new TurnText(Tokenizer, ["the", "ing"], [1, 300]);
        return [.. ids.Select(turn.Push), turn.Flush()];
    }

    /// <summary>One token per byte.</summary>
    private static int[] Spelled(string text) => [.. Encoding.UTF8.GetBytes(text).Select(value => value + 3)];
}
