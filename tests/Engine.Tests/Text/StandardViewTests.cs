using Microsoft.ML.Tokenizers;
using OrleansLM.Engine.Text;

namespace OrleansLM.Engine.Tests.Text;

/// <summary>A model's tokenizer seen as a tokenizer of Microsoft.ML.Tokenizers.</summary>
public sealed class StandardViewTests
{
    private static readonly ModelTokenizer Model = TinyTokenizer.Open();
    private static readonly Tokenizer Standard = Model;

    [Fact]
    public void Ids_and_counts_are_those_of_the_model_without_bos()
    {
        foreach (var text in TinyTokenizer.Texts)
        {
            Assert.Equal(Model.Encode(text, addBos: false), Standard.EncodeToIds(text));
            Assert.Equal(Model.Encode(text, addBos: false).Length, Standard.CountTokens(text.AsSpan()));
            Assert.Equal(text, Standard.Decode(Standard.EncodeToIds(text)));
        }
    }

    [Fact]
    public void Offsets_cover_the_normalised_text_without_gaps()
    {
        foreach (var text in TinyTokenizer.Texts.Where(text => text.Length > 0))
        {
            var tokens = Standard.EncodeToTokens(text, out var normalized);
            Assert.Equal("▁" + text.Replace(' ', '▁'), normalized);
            var end = 0;
            foreach (var token in tokens)
            {
                Assert.Equal(end, token.Offset.Start.Value);
                end = token.Offset.End.Value;
                Assert.True(token.Value.StartsWith("<0x", StringComparison.Ordinal) || token.Value == normalized![token.Offset]);
            }

            Assert.Equal(normalized!.Length, end);
        }
    }
}
