using System.Text.Json;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Text;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Engine.Tests.Text;

public sealed class SentencePieceTokenizerTests
{
    private static readonly ModelTokenizer Tokenizer = TinyTokenizer.Open();

    [Theory]
    [InlineData("tiny-yarn-mistral-128k.golden.json")]
    [InlineData("tiny-supra.golden.json")]
    public void Ids_of_the_golden_prompts(string golden)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(TestFiles.Golden(golden)));
        foreach (var test in document.RootElement.GetProperty("cases").EnumerateArray())
        {
            var expected = test.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32());
            Assert.Equal(expected, Tokenizer.Encode(test.GetProperty("text").GetString()!, addBos: true));
        }
    }

    [Fact]
    public void Same_ids_as_the_naive_encoder()
    {
        var naive = new NaiveEncoder(Tokenizer);
        foreach (var text in TinyTokenizer.Texts.Concat(TinyTokenizer.RandomTexts(3000, seed: 1)))
        {
            Assert.True(naive.Encode(text).AsSpan().SequenceEqual(Tokenizer.Encode(text, addBos: false)), JsonSerializer.Serialize(text));
        }
    }

    [Fact]
    public void A_book_comes_back_whole_and_its_cached_words_are_encoded_as_alone()
    {
        var book = TinyTokenizer.Book;
        var ids = Tokenizer.Encode(book, addBos: true);

        Assert.True(ids.Length > 131_072, $"{ids.Length} tokens: the perplexity runs need 128k");
        Assert.Equal(Tokenizer.BosTokenId, ids[0]);
        Assert.Equal(book, Tokenizer.Decode(ids));
        Assert.Equal(new NaiveEncoder(Tokenizer).Encode(book[..1500]), Tokenizer.Encode(book[..1500], addBos: false));
        var half = book.IndexOf(' ', book.Length / 2);
        Assert.Equal(Tokenizer.Encode(book[..half], addBos: true).Concat(Tokenizer.Encode(book[(half + 1)..], addBos: false)), ids);
    }

    [Fact]
    public void Every_text_comes_back_from_its_ids()
    {
        foreach (var text in TinyTokenizer.Texts.Concat(TinyTokenizer.RandomTexts(500, seed: 2)))
        {
            Assert.Equal(text, Tokenizer.Decode(Tokenizer.Encode(text, addBos: true)));
        }
    }

    [Fact]
    public void Empty_text_has_no_ids_but_bos()
    {
        Assert.Empty(Tokenizer.Encode("", addBos: false));
        Assert.Equal([1], Tokenizer.Encode("", addBos: true));
        Assert.Equal("", Tokenizer.Decode([]));
    }

    [Fact]
    public void Special_tokens_in_a_text_are_text_unless_they_are_asked_for()
    {
        Assert.DoesNotContain(2, Tokenizer.Encode("a</s>b", addBos: false));
        Assert.DoesNotContain(13, Tokenizer.Encode("<0x0A>", addBos: false, parseSpecial: true));
        int[] expected = [1, .. Tokenizer.Encode("a", false), 2, .. Tokenizer.Encode("b", false)];
        Assert.Equal(expected, Tokenizer.Encode("<s>a</s>b", addBos: false, parseSpecial: true));
        Assert.Equal("a b", Tokenizer.Decode(expected));
        Assert.Equal("<s> a</s> b", Tokenizer.Decode(expected, showSpecial: true));
    }

    /// <summary>Not a theory: the runner writes its data as UTF-8, which has no half pairs.</summary>
    [Fact]
    public void Half_a_surrogate_pair_becomes_the_replacement_character()
    {
        (string Text, string Expected)[] cases =
        [
            ("a\uD83Db", "a\uFFFDb"), ("\uDE00", "\uFFFD"), ("x\uDE00\uD83D", "x\uFFFD\uFFFD"), ("\uD83D\uD83D\uDE00", "\uFFFD😀"), ("😀\uD83D", "😀\uFFFD"),
        ];
        Assert.All(cases, test => Assert.Equal(test.Expected, Tokenizer.Decode(Tokenizer.Encode(test.Text, addBos: false))));
    }

    [Fact]
    public void Ids_outside_the_vocabulary_are_refused_with_their_place()
    {
        var error = Assert.Throws<EngineException>(() => Tokenizer.Decode([5, 4096]));
        Assert.Equal((EngineError.InvalidArgument, "ids[1]"), (error.Error, error.Field));
        Assert.Contains("[0, 4096)", error.Message);
        Assert.Throws<EngineException>(() => Tokenizer.Decode([-1]));
    }

    [Fact]
    public void Many_threads_get_the_same_ids()
    {
        var text = TinyTokenizer.Book[..20_000];
        var expected = Tokenizer.Encode(text, addBos: true);
        Parallel.For(0, 8, _ => Assert.Equal(expected, Tokenizer.Encode(text, addBos: true)));
    }

    [Fact]
    public void User_defined_pieces_are_matched_whole_before_merging()
    {
        var tokenizer = new SentencePieceModelWriter().AddBytes().Add("▁", -1).Add("a", -2).Add("b", -3).Add("ab", -4).Add("ba", 0, 4).Add("bab", 0, 4).Open();
        Assert.Equal(["▁", "a", "bab", "b", "ba"], tokenizer.Encode("ababbba", false).Select(tokenizer.Piece));
    }

    [Fact]
    public void Unused_pieces_fall_back_to_what_they_were_made_of()
    {
        var tokenizer = new SentencePieceModelWriter().AddBytes().Add("▁", -9).Add("a", -8).Add("b", -7).Add("c", -6).Add("ab", -1, 5).Add("abc", -2).Open();
        Assert.Equal(["▁", "a", "b"], tokenizer.Encode("ab", false).Select(tokenizer.Piece));
        Assert.Equal(["▁", "abc"], tokenizer.Encode("abc", false).Select(tokenizer.Piece));
    }

    [Fact]
    public void Without_byte_fallback_a_run_of_unknown_characters_is_one_unknown_token()
    {
        var tokenizer = new SentencePieceModelWriter().Add("▁", -1).Add("a", -2).Open();
        Assert.Equal([3, 4, 0, 4], tokenizer.Encode("axyza", false));
        Assert.Equal("a \u2047 a", tokenizer.Decode([3, 4, 0, 4]));
    }

    [Fact]
    public void Without_a_dummy_prefix_the_first_space_is_kept()
    {
        var writer = new SentencePieceModelWriter().AddBytes().Add("▁", -1).Add("a", -2);
        writer.Normalizer[3] = 0;
        var tokenizer = writer.Open();
        Assert.Equal([260], tokenizer.Encode("a", false));
        Assert.Equal(" a", tokenizer.Decode(tokenizer.Encode(" a", false)));
    }

    public static TheoryData<string, string> Refused => new()
    {
        { "unigram", "model_type is 1" },
        { "charsmap", "precompiled_charsmap of 3 bytes" },
        { "extra-whitespace", "remove_extra_whitespaces" },
        { "suffix", "treat_whitespace_as_suffix" },
        { "escape", "escape_whitespaces" },
        { "twice", "are both 'a'" },
        { "nan", "score NaN" },
        { "kind", "type 9" },
        { "bytes", "byte 0x00 is missing" },
        { "byte-form", "<0xNN>" },
        { "unk", "unk_id is 1" },
        { "bos", "bos_id is 77" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void What_is_not_supported_is_refused_by_name(string what, string said)
    {
        var writer = new SentencePieceModelWriter().Add("a", -1);
        switch (what)
        {
            case "unigram": writer.Trainer[3] = 1; break;
            case "charsmap": writer.Charsmap = [1, 2, 3]; break;
            case "extra-whitespace": writer.Normalizer[4] = 1; break;
            case "suffix": writer.Trainer[24] = 1; break;
            case "escape": writer.Normalizer[5] = 0; break;
            case "twice": writer.Add("a", -2); break;
            case "nan": writer.Add("b", float.NaN); break;
            case "kind": writer.Add("b", 0, 9); break;
            case "bytes": writer.Trainer[35] = 1; break;
            case "byte-form": writer.Add("<0xZZ>", 0, 6); break;
            case "unk": writer.Trainer[40] = 1; break;
            case "bos": writer.Trainer[41] = 77; break;
        }

        var error = Assert.Throws<CheckpointException>(writer.Open);
        Assert.Contains(said, error.Message);
    }

    [Fact]
    public void Damaged_files_give_a_checkpoint_error_and_nothing_else()
    {
        var good = File.ReadAllBytes(Path.Combine(TinyTokenizer.Folder, ModelTokenizers.ModelFile));
        var random = new Random(3);
        for (var i = 0; i < 200; i++)
        {
            var bytes = good[..random.Next(1, good.Length)];
            for (var flips = random.Next(4); flips > 0; flips--)
            {
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            }

            var error = Record.Exception(() => SentencePieceModelWriter.OpenBytes(bytes));
            Assert.True(error is null or CheckpointException, $"{error}");
        }
    }

    [Fact]
    public void A_folder_without_a_tokenizer_is_refused()
    {
        var error = Assert.Throws<CheckpointException>(() => ModelTokenizers.Open(TestFiles.Model("eval")));
        Assert.Contains("tokenizer.model or tokenizer.json", error.Message);
    }
}
