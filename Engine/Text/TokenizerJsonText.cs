namespace OrleansLM.Engine.Text;

/// <summary>The parts of tokenizer.json that rewrite the text: normalizer and pre-tokenizer on the way in, decoder on the way out.</summary>
internal sealed class TokenizerJsonText(JsonPlace root)
{
    private static readonly string SpacePiece = Vocabulary.Space.ToString();

    /// <summary>Prepend and Replace, or a Metaspace pre-tokenizer that does not split; both write spaces as "▁".</summary>
    public TextNormalizer ReadNormalizer()
    {
        var normalizer = new TextNormalizer(ReplaceSpaces: false, PrefixRule.Never);
        foreach (var step in Steps(root["normalizer"], "normalizers"))
        {
            normalizer = ReadStep(normalizer, step);
        }

        var metaspace = root["pre_tokenizer"];
        return metaspace.IsNull ? normalizer : ReadMetaspace(metaspace, normalizer);
    }

    /// <summary>True when the first space of a decoded text is dropped.</summary>
    public bool ReadDropsFirstSpace()
    {
        var drops = false;
        foreach (var step in Steps(root["decoder"], "decoders"))
        {
            switch (step["type"].Text())
            {
                case "Replace":
                    step["pattern"]["String"].MustBe(SpacePiece);
                    step["content"].MustBe(" ");
                    break;
                case "ByteFallback" or "Fuse":
                    break;
                case "Strip":
                    drops = ReadStrip(step);
                    break;
                case "Metaspace":
                    step["replacement"].MustBe(SpacePiece);
                    drops = PrefixOf(step) != PrefixRule.Never;
                    break;
                default:
                    throw Unsupported(step["type"], "Replace, ByteFallback, Fuse, Strip or Metaspace");
            }
        }

        return drops;
    }

    private static TextNormalizer ReadStep(TextNormalizer normalizer, JsonPlace step)
    {
        switch (step["type"].Text())
        {
            case "Prepend":
                step["prepend"].MustBe(SpacePiece);
                return normalizer with { Prefix = PrefixRule.Always };
            case "Replace":
                step["pattern"]["String"].MustBe(" ");
                step["content"].MustBe(SpacePiece);
                return normalizer with { ReplaceSpaces = true };
            default:
                throw Unsupported(step["type"], "Prepend or Replace");
        }
    }

    private static TextNormalizer ReadMetaspace(JsonPlace metaspace, TextNormalizer normalizer)
    {
        if (metaspace["type"].Text() != "Metaspace")
        {
            throw Unsupported(metaspace["type"], "Metaspace or no pre-tokenizer");
        }

        metaspace["replacement"].MustBe(SpacePiece);
        if (metaspace["split"].Flag(true))
        {
            throw metaspace["split"].Refuse($"is {metaspace["split"].Shown()}, which is not supported; expected false");
        }

        var prefix = PrefixOf(metaspace);
        return new TextNormalizer(ReplaceSpaces: true, prefix == PrefixRule.Never ? normalizer.Prefix : prefix);
    }

    private static PrefixRule PrefixOf(JsonPlace metaspace)
    {
        var scheme = metaspace["prepend_scheme"];
        if (scheme.IsNull)
        {
            return metaspace["add_prefix_space"].Flag(true) ? PrefixRule.UnlessSpace : PrefixRule.Never;
        }

        return scheme.Text() switch
        {
            "always" => PrefixRule.UnlessSpace,
            "first" => PrefixRule.FirstUnlessSpace,
            "never" => PrefixRule.Never,
            _ => throw Unsupported(scheme, "always, first or never"),
        };
    }

    private static bool ReadStrip(JsonPlace step)
    {
        step["content"].MustBe(" ");
        var (start, stop) = (step["start"].Integer(), step["stop"].Integer());
        return start is 0 or 1 && stop == 0
            ? start == 1
            : throw step.Refuse($"strips {start} at the start and {stop} at the end; expected 0 or 1 and 0");
    }

    private static IEnumerable<JsonPlace> Steps(JsonPlace part, string list)
    {
        if (part.IsNull)
        {
            return [];
        }

        return part["type"].Text() == "Sequence" ? part[list].Items() : [part];
    }

    private static Weights.CheckpointException Unsupported(JsonPlace place, string expected) =>
        place.Refuse($"is {place.Shown()}, which is not supported; expected {expected}");
}
