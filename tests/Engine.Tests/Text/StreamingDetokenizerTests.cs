using System.Text;
using OrleansLM.Engine.Text;

namespace OrleansLM.Engine.Tests.Text;

public sealed class StreamingDetokenizerTests
{
    private static readonly ModelTokenizer Tokenizer = TinyTokenizer.Open();

    [Fact]
    public void Pieces_put_together_are_the_whole_and_never_hold_half_a_character()
    {
        foreach (var text in TinyTokenizer.Texts.Concat(TinyTokenizer.RandomTexts(300, seed: 5)))
        {
            var pieces = Stream(Tokenizer.Encode(text, addBos: true), before: []);
            Assert.Equal(text, string.Concat(pieces));
            Assert.All(pieces, piece => Assert.True(IsWhole(piece)));
        }
    }

    [Fact]
    public void A_continuation_keeps_its_first_space()
    {
        var prompt = Tokenizer.Encode("Once upon", addBos: true);
        var rest = Tokenizer.Encode("a time", addBos: false);
        Assert.Equal(" a time", string.Concat(Stream(rest, prompt)));
        Assert.Equal("a time", string.Concat(Stream(rest, [Tokenizer.BosTokenId])));
    }

    [Fact]
    public void Only_one_space_is_dropped_and_a_skipped_bos_does_not_count_as_the_first_piece()
    {
        var space = Tokenizer.Encode(" ", false)[0];
        Assert.Equal(["▁", "▁"], Tokenizer.Encode(" ", false).Select(Tokenizer.Piece));
        Assert.Equal(" ", string.Concat(Stream([1, space, space], [])));
    }

    [Fact]
    public void A_character_appears_with_its_last_byte()
    {
        var ids = Bytes("🦙");
        Assert.Equal(["", "", "", "🦙", ""], Stream(ids, []));
    }

    [Fact]
    public void Bytes_that_belong_to_no_character_become_one_replacement_each()
    {
        int[] x = [Tokenizer.Encode("x", false)[^1]];
        Assert.Equal("\uFFFD\uFFFDx", string.Concat(Stream([.. Bytes([0xE2, 0x82]), .. x], [])));
        Assert.Equal("\uFFFD\uFFFD\uFFFD", string.Concat(Stream(Bytes([0xF0, 0x9F, 0xA6]), [])));
        Assert.Equal("\uFFFDé", string.Concat(Stream(Bytes([0xC3, 0xC3, 0xA9]), [])));
        Assert.Equal("\uFFFD\uFFFD", string.Concat(Stream(Bytes([0xC0, 0x80]), [])));
        Assert.Equal("\uFFFD\uFFFD\uFFFD", string.Concat(Stream(Bytes([0xED, 0xA0, 0x80]), [])));
        Assert.Equal("é\uFFFD", string.Concat(Stream([.. Bytes([0xC3, 0xA9, 0xC3]), 2], [])));
    }

    [Fact]
    public void Random_bytes_stream_to_what_the_whole_decodes_to()
    {
        var random = new Random(6);
        for (var i = 0; i < 500; i++)
        {
            int[] ids = [.. Enumerable.Range(0, random.Next(1, 12)).Select(_ => random.Next(4) == 0 ? random.Next(4096) : 3 + random.Next(0x70, 0x100))];
            Assert.Equal(Tokenizer.Decode(ids), string.Concat(Stream(ids, [])));
        }
    }

    [Fact]
    public void A_character_that_the_tokens_before_began_is_completed()
    {
        var ids = Bytes("🦙");
        Assert.Equal("🦙", string.Concat(Stream(ids.AsSpan(2), [1, 300, ids[0], ids[1]])));
    }

    [Fact]
    public void Ids_past_the_vocabulary_contribute_nothing() => Assert.Equal(["", ""], Stream([5000], []));

    private static List<string> Stream(ReadOnlySpan<int> ids, ReadOnlySpan<int> before)
    {
        var detokenizer = new StreamingDetokenizer(Tokenizer, before);
        var pieces = new List<string>();
        foreach (var id in ids)
        {
            pieces.Add(detokenizer.Push(id));
        }

        pieces.Add(detokenizer.Flush());
        return pieces;
    }

    private static int[] Bytes(string text) => Bytes(Encoding.UTF8.GetBytes(text));

    private static int[] Bytes(byte[] bytes) => [.. bytes.Select(value => value + 3)];

    private static bool IsWhole(string text) => text.Length == 0 || !(char.IsLowSurrogate(text[0]) || char.IsHighSurrogate(text[^1]));
}
