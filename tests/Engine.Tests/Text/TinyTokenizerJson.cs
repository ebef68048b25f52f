using System.Text.Json.Nodes;
using OrleansLM.Engine.Text;

namespace OrleansLM.Engine.Tests.Text;

/// <summary>tokenizer.json of the tiny models, derived from their tokenizer.model as the converter of Hugging Face does (spec §4.3).</summary>
internal static class TinyTokenizerJson
{
    private static readonly JsonObject Plain = Make(pairsAsArrays: false);

    /// <summary>A copy of one's own, to change at will.</summary>
    public static JsonObject Build() => (JsonObject)Plain.DeepClone();

    public static JsonObject Make(bool pairsAsArrays)
    {
        var tokenizer = TinyTokenizer.Open();
        var ids = Enumerable.Range(0, tokenizer.VocabularySize).ToDictionary(tokenizer.Piece);
        var vocabulary = new JsonObject(ids.Select(entry => KeyValuePair.Create(entry.Key, (JsonNode?)entry.Value)));
        return new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["added_tokens"] = new JsonArray([.. new[] { "<unk>", "<s>", "</s>" }.Select((content, id) => AddedToken(content, id, special: true))]),
            ["normalizer"] = JsonNode.Parse("""{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":{"String":" "},"content":"▁"}]}"""),
            ["pre_tokenizer"] = null,
            ["post_processor"] = JsonNode.Parse("""
                {"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],
                 "pair":[],"special_tokens":{"<s>":{"id":"<s>","ids":[1],"tokens":["<s>"]}}}
                """),
            ["decoder"] = JsonNode.Parse("""
                {"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},
                 {"type":"Strip","content":" ","start":1,"stop":0}]}
                """),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["dropout"] = null,
                ["unk_token"] = "<unk>",
                ["continuing_subword_prefix"] = null,
                ["end_of_word_suffix"] = null,
                ["fuse_unk"] = true,
                ["byte_fallback"] = true,
                ["ignore_merges"] = false,
                ["vocab"] = vocabulary,
                ["merges"] = new JsonArray([.. Merges(ids).Select(pair => Pair(pair, pairsAsArrays))]),
            },
        };
    }

    public static JsonObject AddedToken(string content, int id, bool special) => new()
    {
        ["id"] = id,
        ["content"] = content,
        ["single_word"] = false,
        ["lstrip"] = false,
        ["rstrip"] = false,
        ["normalized"] = false,
        ["special"] = special,
    };

    public static ModelTokenizer Open(JsonNode json, string? config = null)
    {
        var folder = Directory.CreateTempSubdirectory("tokenizer-");
        try
        {
            File.WriteAllText(Path.Combine(folder.FullName, ModelTokenizers.JsonFile), json.ToJsonString());
            if (config is not null)
            {
                File.WriteAllText(Path.Combine(folder.FullName, "tokenizer_config.json"), config);
            }

            return ModelTokenizers.Open(folder.FullName);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Every way to cut a piece into two pieces; the best piece first, then the longer left side.</summary>
    private static IEnumerable<(string Left, string Right)> Merges(Dictionary<string, int> ids) =>
        from entry in ids
        where entry.Value >= TinyTokenizer.FirstLearned
        orderby entry.Value
        from cut in Enumerable.Range(1, Math.Max(0, entry.Key.Length - 1)).Reverse()
        where ids.ContainsKey(entry.Key[..cut]) && ids.ContainsKey(entry.Key[cut..])
        select (entry.Key[..cut], entry.Key[cut..]);

    private static JsonNode Pair((string Left, string Right) pair, bool asArray) =>
        asArray ? new JsonArray(pair.Left, pair.Right) : JsonValue.Create($"{pair.Left} {pair.Right}");
}
