using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.State;

namespace OrleansLM.Silo.Placement;

/// <summary>
/// What of a prompt silos tell each other: the ends of 1, 2, 4, 8 … pages, so that a prompt of any length has a dozen, and two prompts that begin alike agree in at
/// least half of what they have in common.
/// </summary>
internal static class PromptBeginnings
{
    /// <summary>Shortest first; none for models that share no beginnings.</summary>
    public static IReadOnlyList<Beginning> Of(EngineDescription engine, ReadOnlySpan<int> prompt)
    {
        if (engine.StateBytesPerSequence > 0)
        {
            return [];
        }

        var beginnings = new List<Beginning>();
        var key = OfWeights(engine.Fingerprint);
        for (var page = 1; page * engine.PageTokens <= prompt.Length; page++)
        {
            key = key.Next(prompt.Slice((page - 1) * engine.PageTokens, engine.PageTokens));
            if (int.IsPow2(page))
            {
                beginnings.Add(new Beginning(page * engine.PageTokens, key.Low));
            }
        }

        return beginnings;
    }

    /// <summary>Keys of other weights have nothing to do with these.</summary>
    private static PrefixKey OfWeights(string fingerprint)
    {
        var key = PrefixKey.Empty;
        foreach (var part in fingerprint.Chunk(64))
        {
            key = key.Next(Array.ConvertAll(part, character => (int)character));
        }

        return key;
    }
}
