using System.Text.Json;
using System.Text.Json.Nodes;
using OrleansLM.Engine.Text;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Engine.Tests.Text;

public sealed class TokenizerJsonTests
{
    private static readonly ModelTokenizer Model = TinyTokenizer.Open();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Same_ids_and_texts_as_tokenizer_model(bool pairsAsArrays)
    {
        var json = TinyTokenizerJson.Open(TinyTokenizerJson.Make(pairsAsArrays));
        Assert.Equal((Model.VocabularySize, 1, 2, true), (json.VocabularySize, json.BosTokenId, json.EosTokenId, json.DropsFirstSpace));
        foreach (var text in TinyTokenizer.Texts.Concat(TinyTokenizer.RandomTexts(3000, seed: 4)).Append(TinyTokenizer.Book))
        {
            var ids = json.Encode(text, addBos: true);
            Assert.True(Model.Encode(text, addBos: true).AsSpan().SequenceEqual(ids), text.Length < 100 ? JsonSerializer.Serialize(text) : "the book");
            Assert.Equal(Model.Decode(ids), json.Decode(ids));
        }
    }

    [Fact]
    public void Special_tokens_are_cut_out_when_asked_for_and_each_section_gets_its_own_space()
    {
        var json = TinyTokenizerJson.Open(TinyTokenizerJson.Build());
        Assert.Equal(Model.Encode("<s>a</s> b", addBos: false, parseSpecial: true), json.Encode("<s>a</s> b", addBos: false, parseSpecial: true));
        Assert.Equal(Model.Encode("<s>a</s> b", addBos: false), json.Encode("<s>a</s> b", addBos: false));
    }

    [Fact]
    public void Added_tokens_that_are_not_special_are_always_cut_out_the_longest_first()
    {
        var build = TinyTokenizerJson.Build();
        build["added_tokens"]!.AsArray().Add(TinyTokenizerJson.AddedToken("@@", 4096, special: false));
        build["added_tokens"]!.AsArray().Add(TinyTokenizerJson.AddedToken("@@@", 4097, special: false));
        var json = TinyTokenizerJson.Open(build);

        int[] expected = [.. Model.Encode("a", false), 4097, .. Model.Encode("b", false), 4096];
        Assert.Equal(expected, json.Encode("a@@@b@@", addBos: false));
        Assert.Equal("a@@@ b@@", json.Decode(expected));
    }

    [Theory]
    [InlineData("always", "Hello", "▁Hello")]
    [InlineData("always", " Hello", "▁Hello")]
    [InlineData("always", "</s>Hello", "</s>▁Hello")]
    [InlineData("first", "Hello", "▁Hello")]
    [InlineData("first", "</s>Hello", "</s>Hello")]
    [InlineData("never", "Hello", "Hello")]
    [InlineData("never", "a b", "a▁b")]
    public void Metaspace_puts_a_space_in_front_by_its_scheme(string scheme, string text, string expected)
    {
        var build = TinyTokenizerJson.Build();
        build["normalizer"] = null;
        build["pre_tokenizer"] = new JsonObject { ["type"] = "Metaspace", ["replacement"] = "▁", ["prepend_scheme"] = scheme, ["split"] = false };
        var json = TinyTokenizerJson.Open(build);
        Assert.Equal(expected, string.Concat(json.Encode(text, addBos: false, parseSpecial: true).Select(json.Piece)));
    }

    [Fact]
    public void Without_a_post_processor_bos_is_the_usual_token()
    {
        var build = TinyTokenizerJson.Build();
        build["post_processor"] = null;
        Assert.Equal(1, TinyTokenizerJson.Open(build).BosTokenId);
    }

    [Fact]
    public void The_config_file_names_the_ends_of_a_sequence_and_may_leave_bos_out()
    {
        var build = TinyTokenizerJson.Build();
        build["post_processor"] = null;
        var json = TinyTokenizerJson.Open(build, """{"add_bos_token":false,"bos_token":"</s>","eos_token":{"content":"<s>"}}""");
        Assert.Equal((2, 1), (json.BosTokenId, json.EosTokenId));
        Assert.Equal(Model.Encode("a", addBos: false), json.Encode("a", addBos: true));
        Assert.Contains("$.add_bos_token", Assert.Throws<CheckpointException>(() => TinyTokenizerJson.Open(build, """{"add_bos_token":"no"}""")).Message);
    }

    [Theory]
    [InlineData("$.model.type", "\"WordPiece\"", "expected \"BPE\"")]
    [InlineData("$.model.ignore_merges", "true", "expected false")]
    [InlineData("$.model.dropout", "0.1", "expected none")]
    [InlineData("$.model.end_of_word_suffix", "\"</w>\"", "expected none")]
    [InlineData("$.model.unk_token", "\"<none>\"", "not in the vocabulary")]
    [InlineData("$.model.merges", "{}", "expected an array")]
    [InlineData("$.model.merges[0]", "\"a b c\"", "expected two pieces")]
    [InlineData("$.model.merges[1]", "\"t zq\"", "'zq' is not in the vocabulary")]
    [InlineData("$.model.vocab['▁t']", "-1", "expected an id in")]
    [InlineData("$.model.vocab['▁t']", "\"x\"", "expected an integer")]
    [InlineData("$.model.vocab", "[]", "expected an object")]
    [InlineData("$.added_tokens[1].lstrip", "true", "expected false")]
    [InlineData("$.normalizer.normalizers[0].type", "\"NFKC\"", "expected Prepend or Replace")]
    [InlineData("$.normalizer.normalizers[1].content", "\"_\"", "expected \"▁\"")]
    [InlineData("$.pre_tokenizer", "{\"type\":\"ByteLevel\"}", "expected Metaspace")]
    [InlineData("$.pre_tokenizer", "{\"type\":\"Metaspace\",\"replacement\":\"▁\",\"prepend_scheme\":\"always\"}", "expected false")]
    [InlineData("$.decoder.decoders[3].start", "2", "expected 0 or 1")]
    [InlineData("$.decoder.decoders[1].type", "\"WordPiece\"", "expected Replace, ByteFallback")]
    [InlineData("$.post_processor.type", "\"ByteLevel\"", "expected \"TemplateProcessing\"")]
    [InlineData("$.post_processor.single[0]", "{\"Sequence\":{\"id\":\"B\"}}", "not supported")]
    public void What_is_not_supported_is_refused_with_its_path(string path, string value, string said)
    {
        var build = TinyTokenizerJson.Build();
        Set(build, path, JsonNode.Parse(value));
        var error = Assert.Throws<CheckpointException>(() => TinyTokenizerJson.Open(build));
        Assert.Contains(said, error.Message);
        var shown = path.Replace("single[0]", "single").Replace(".start", "");
        Assert.Contains(shown, error.Message);
    }

    [Fact]
    public void A_file_that_is_not_json_is_refused()
    {
        var folder = Directory.CreateTempSubdirectory("tokenizer-");
        File.WriteAllText(Path.Combine(folder.FullName, ModelTokenizers.JsonFile), "{\"model\":");
        Assert.Contains("is not JSON", Assert.Throws<CheckpointException>(() => ModelTokenizers.Open(folder.FullName)).Message);
        folder.Delete(recursive: true);
    }

    private static void Set(JsonNode node, string path, JsonNode? value)
    {
        string[] steps = [.. path[2..].Replace("['", ".").Replace("']", "").Replace("[", ".").Replace("]", "").Split('.')];
        foreach (var step in steps[..^1])
        {
            node = node is JsonArray array ? array[int.Parse(step)]! : node[step]!;
        }

        if (node is JsonArray last)
        {
            last[int.Parse(steps[^1])] = value;
        }
        else
        {
            node[steps[^1]] = value;
        }
    }
}
