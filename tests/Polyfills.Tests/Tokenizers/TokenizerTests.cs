using Microsoft.ML.Tokenizers;

namespace OrleansLM.Polyfills.Tests.Tokenizers;

/// <summary>The documented behaviour of the base class; the same tests run against the real package.</summary>
public sealed class TokenizerTests
{
    private static readonly Tokenizer Tokenizer = new LetterTokenizer();

    [Fact]
    public void Ids_and_counts_follow_from_the_tokens()
    {
        Assert.Equal([65, 66], Tokenizer.EncodeToIds("ab"));
        Assert.Equal([97, 98], Tokenizer.EncodeToIds("ab", considerNormalization: false));
        Assert.Equal([65, 66], Tokenizer.EncodeToIds("ab".AsSpan()));
        Assert.Equal((2, 3), (Tokenizer.CountTokens("ab"), Tokenizer.CountTokens("abc".AsSpan())));
    }

    [Fact]
    public void Tokens_come_with_the_text_that_their_offsets_refer_to()
    {
        var tokens = Tokenizer.EncodeToTokens("ab", out var normalized);
        Assert.Equal("AB", normalized);
        Assert.Equal([new EncodedToken(65, "A", 0..1), new EncodedToken(66, "B", 1..2)], tokens);
        Tokenizer.EncodeToTokens("ab", out normalized, considerNormalization: false);
        Assert.Null(normalized);
    }

    [Fact]
    public void Decoding_grows_its_buffer_until_the_text_fits()
    {
        var text = string.Concat(Enumerable.Repeat("0123456789", 500));
        Assert.Equal(text, Tokenizer.Decode(text.Select(letter => (int)letter)));
        Assert.Equal("", Tokenizer.Decode([]));
    }

    [Fact]
    public void Ids_that_cannot_be_decoded_are_refused()
    {
        Assert.Throws<ArgumentNullException>(() => Tokenizer.Decode(null!));
        Assert.Throws<InvalidOperationException>(() => Tokenizer.Decode([-1]));
    }
}
