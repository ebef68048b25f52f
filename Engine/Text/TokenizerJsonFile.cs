using System.Text.Json;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Engine.Text;

/// <summary>
/// Reads tokenizer.json (spec §4.3): byte-pair models of the Llama kind. Every part that changes ids or text is either carried out or refused
/// with its JSON path. Truncation and padding are the caller's affair and are not read.
/// </summary>
internal sealed class TokenizerJsonFile
{
    private const int MaxVocabulary = 1 << 20;

    private readonly JsonPlace _root;
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly List<KeyValuePair<string, int>> _added = [];
    private readonly List<KeyValuePair<string, int>> _special = [];

    private readonly TokenizerConfigFile _config;

    private TokenizerJsonFile(JsonPlace root, TokenizerConfigFile config)
    {
        _root = root;
        _config = config;
    }

    /// <exception cref="CheckpointException">Damaged, or not supported.</exception>
    public static ModelTokenizer Open(string path, TokenizerConfigFile config)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            return new TokenizerJsonFile(new JsonPlace(document.RootElement, "$", path), config).Build();
        }
        catch (JsonException e)
        {
            throw new CheckpointException($"{path} is not JSON: {e.Message}", e);
        }
    }

    private BytePairTokenizer Build()
    {
        var model = _root["model"];
        CheckModel(model);
        ReadVocabulary(model["vocab"]);
        ReadAddedTokens();
        var unknown = model["unk_token"];
        var unknownId = unknown.IsNull ? -1 : IdOf(unknown);
        var vocabulary = BuildVocabulary(model["byte_fallback"].Flag(false), unknownId);
        if (!vocabulary.HasAllBytes && unknownId < 0)
        {
            throw unknown.Refuse("is absent and there is no byte fallback; expected one of them, or characters outside the vocabulary have no id");
        }

        var merges = new RankMerges(_ids, ReadMerges(model["merges"]));
        var encoder = new BytePairEncoder(vocabulary, merges, unknownId, model["fuse_unk"].Flag(false));
        return new BytePairTokenizer(vocabulary, encoder, Plan());
    }

    private BytePairTokenizerPlan Plan()
    {
        var text = new TokenizerJsonText(_root);
        var bos = ReadBos();
        return new BytePairTokenizerPlan
        {
            Normalizer = text.ReadNormalizer(),
            DropsFirstSpace = text.ReadDropsFirstSpace(),
            AddsBos = _config.AddsBos,
            BosTokenId = bos >= 0 ? bos : _ids.GetValueOrDefault(_config.BosToken ?? "<s>", -1),
            EosTokenId = _ids.GetValueOrDefault(_config.EosToken ?? "</s>", -1),
            AddedTokens = _added,
            SpecialTokens = _special,
        };
    }

    private static void CheckModel(JsonPlace model)
    {
        if (!model["type"].IsNull)
        {
            model["type"].MustBe("BPE");
        }

        model["ignore_merges"].MustBe(false);
        foreach (var name in (ReadOnlySpan<string>)["continuing_subword_prefix", "end_of_word_suffix"])
        {
            var affix = model[name];
            if (!affix.IsNull && affix.Text().Length > 0)
            {
                throw affix.Refuse($"is {affix.Shown()}, which is not supported; expected none");
            }
        }

        var dropout = model["dropout"];
        if (!dropout.IsNull && !(dropout.Value.ValueKind == JsonValueKind.Number && dropout.Value.GetDouble() == 0))
        {
            throw dropout.Refuse($"is {dropout.Shown()}, which is not supported; expected none");
        }
    }

    private void ReadVocabulary(JsonPlace vocabulary)
    {
        vocabulary.Expect(JsonValueKind.Object, "an object of pieces and ids");
        foreach (var entry in vocabulary.Value.EnumerateObject())
        {
            Add(entry.Name, new JsonPlace(entry.Value, $"{vocabulary.Path}['{entry.Name}']", vocabulary.File));
        }
    }

    private void Add(string piece, JsonPlace place)
    {
        var id = place.Integer();
        if (id is < 0 or >= MaxVocabulary)
        {
            throw place.Refuse($"is {id}; expected an id in [0, {MaxVocabulary})");
        }

        if (piece.Length == 0 || (!_ids.TryAdd(piece, id) && _ids[piece] != id))
        {
            throw place.Refuse($"gives '{piece}' the id {id}; expected text that has no other id");
        }
    }

    private void ReadAddedTokens()
    {
        var list = _root["added_tokens"];
        foreach (var token in list.IsNull ? [] : list.Items())
        {
            foreach (var name in (ReadOnlySpan<string>)["lstrip", "rstrip", "single_word"])
            {
                token[name].MustBe(false);
            }

            var content = token["content"].Text();
            Add(content, token["id"]);
            (token["special"].Flag(false) ? _special : _added).Add(new(content, _ids[content]));
        }
    }

    private Vocabulary BuildVocabulary(bool byteFallback, int unknownId)
    {
        var count = _ids.Values.DefaultIfEmpty(-1).Max() + 1;
        var pieces = new string?[count];
        var kinds = new PieceKind[count];
        Array.Fill(kinds, PieceKind.Normal);
        foreach (var (piece, id) in _ids)
        {
            if (pieces[id] is not null)
            {
                throw _root["model"]["vocab"].Refuse($"gives '{pieces[id]}' and '{piece}' the same id {id}");
            }

            pieces[id] = piece;
            kinds[id] = byteFallback && Vocabulary.TryParseByte(piece, out _) ? PieceKind.Byte : PieceKind.Normal;
        }

        foreach (var (_, id) in _special)
        {
            kinds[id] = id == unknownId ? PieceKind.Unknown : PieceKind.Control;
        }

        var vocabulary = new Vocabulary([.. pieces.Select(piece => piece ?? "")], kinds, " \u2047 ");
        return byteFallback && !vocabulary.HasAllBytes
            ? throw _root["model"]["byte_fallback"].Refuse($"is true and the piece <0x{Array.IndexOf(vocabulary.ByteIds, -1):X2}> is missing from the vocabulary")
            : vocabulary;
    }

    private Dictionary<long, Merge> ReadMerges(JsonPlace merges)
    {
        var pairs = new Dictionary<long, Merge>();
        uint rank = 0;
        foreach (var place in merges.Items())
        {
            var (left, right) = ReadPair(place);
            var key = RankMerges.Key(Known(left, place), Known(right, place));
            pairs[key] = new Merge(Known(left + right, place), rank++);
        }

        return pairs;
    }

    /// <summary>"left right", or ["left", "right"] in newer files.</summary>
    private static (string Left, string Right) ReadPair(JsonPlace place)
    {
        string[] parts = place.Value.ValueKind == JsonValueKind.String
            ? place.Text().Split(' ')
            : [.. place.Items().Select(part => part.Text())];
        return parts.Length == 2
            ? (parts[0], parts[1])
            : throw place.Refuse($"is {place.Shown()}; expected two pieces");
    }

    private int Known(string piece, JsonPlace place) => _ids.TryGetValue(piece, out var id)
        ? id
        : throw place.Refuse($"is {place.Shown()}: '{piece}' is not in the vocabulary");

    private int IdOf(JsonPlace place) => Known(place.Text(), place);

    /// <summary>The token that the post-processor puts before a text; -1 for none.</summary>
    private int ReadBos()
    {
        var processor = _root["post_processor"];
        if (processor.IsNull)
        {
            return -1;
        }

        processor["type"].MustBe("TemplateProcessing");
        JsonPlace[] parts = [.. processor["single"].Items()];
        var sequence = Array.FindIndex(parts, part => !part["Sequence"].IsNull);
        if (sequence != parts.Length - 1 || sequence > 1)
        {
            throw processor["single"].Refuse("adds tokens other than one before the text, which is not supported");
        }

        return sequence == 1 ? IdOf(parts[0]["SpecialToken"]["id"]) : -1;
    }
}
