using System.Text;

namespace OrleansLM.Engine.Text;

/// <summary>Text as the vocabulary writes it: "▁" for every space, one in front by rule, U+FFFD for each surrogate without a partner.</summary>
internal readonly record struct TextNormalizer(bool ReplaceSpaces, PrefixRule Prefix)
{
    /// <param name="section">Not empty.</param>
    /// <param name="first">True for the section that the whole text begins with.</param>
    public string Apply(ReadOnlySpan<char> section, bool first)
    {
        var prefixed = HasPrefix(section[0], first);
        return string.Create(section.Length + (prefixed ? 1 : 0), new State(section, prefixed, ReplaceSpaces), static (target, state) => state.Write(target));
    }

    private bool HasPrefix(char firstCharacter, bool first)
    {
        var space = firstCharacter == Vocabulary.Space || (ReplaceSpaces && firstCharacter == ' ');
        return Prefix switch
        {
            PrefixRule.Always => true,
            PrefixRule.UnlessSpace => !space,
            PrefixRule.FirstUnlessSpace => first && !space,
            _ => false,
        };
    }

    private readonly ref struct State(ReadOnlySpan<char> section, bool prefixed, bool replaceSpaces)
    {
        private readonly ReadOnlySpan<char> _section = section;

        public void Write(Span<char> target)
        {
            if (prefixed)
            {
                target[0] = Vocabulary.Space;
                target = target[1..];
            }

            _section.CopyTo(target);
            if (replaceSpaces)
            {
                target.Replace(' ', Vocabulary.Space);
            }

            RepairSurrogates(target);
        }

        private static void RepairSurrogates(Span<char> text)
        {
            for (var i = text.IndexOfAnyInRange('\uD800', '\uDFFF'); i >= 0 && i < text.Length; i++)
            {
                if (!char.IsSurrogate(text[i]))
                {
                    continue;
                }

                if (i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]))
                {
                    i++;
                }
                else
                {
                    text[i] = (char)Rune.ReplacementChar.Value;
                }
            }
        }
    }
}
