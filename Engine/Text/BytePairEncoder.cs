namespace OrleansLM.Engine.Text;

/// <summary>
/// Byte-pair encoding of normalised text: characters are symbols; the pair that the merge table puts first is joined until no pair is left; a
/// symbol that is not in the vocabulary becomes its UTF-8 bytes. Holds no state between calls, so it is thread-safe.
/// </summary>
/// <remarks>
/// Merging takes time n log n. The text is cut first where no merge can cross, roughly into words, and words that were seen before in the same
/// call are looked up.
/// </remarks>
internal sealed class BytePairEncoder(Vocabulary vocabulary, IMergeTable merges, int unknownId, bool fuseUnknown)
{
    private const int CachedWordLength = 24;
    private const int CachedWords = 65536;
    private const int CacheFromLength = 2048;

    /// <summary>Appends the ids of <paramref name="text"/>, which is valid UTF-16 with "▁" for spaces.</summary>
    public void Encode(string text, List<int> ids)
    {
        var work = new Workspace();
        var seen = text.Length < CacheFromLength ? null : new Dictionary<string, int[]>(StringComparer.Ordinal);
        for (var start = 0; start < text.Length;)
        {
            var end = merges.Bigrams.EndOfPart(text, start);
            var word = text.AsSpan(start, end - start);
            if (seen is null || word.Length > CachedWordLength)
            {
                EncodeWord(word, work, ids);
            }
            else
            {
                EncodeSeenWord(word, seen, work, ids);
            }

            start = end;
        }
    }

    private void EncodeSeenWord(ReadOnlySpan<char> word, Dictionary<string, int[]> seen, Workspace work, List<int> ids)
    {
        var lookup = seen.GetAlternateLookup<ReadOnlySpan<char>>();
        if (lookup.TryGetValue(word, out var known))
        {
            ids.AddRange(known.AsSpan());
            return;
        }

        var first = ids.Count;
        EncodeWord(word, work, ids);
        if (seen.Count < CachedWords)
        {
            lookup[word] = ids[first..].ToArray();
        }
    }

    private void EncodeWord(ReadOnlySpan<char> word, Workspace work, List<int> ids)
    {
        work.Begin(word.Length);
        Split(word, work);
        for (var i = 0; i + 1 < work.Count; i++)
        {
            Offer(word, work, i, i + 1);
        }

        while (work.Agenda.TryDequeue(out var pair, out _))
        {
            if (work.IsCurrent(pair))
            {
                Join(word, work, pair);
            }
        }

        for (var i = 0; i >= 0; i = work.Symbols[i].Next)
        {
            ref readonly var symbol = ref work.Symbols[i];
            Append(word.Slice(symbol.Start, symbol.Length), symbol.Id, work, ids);
        }
    }

    private void Split(ReadOnlySpan<char> word, Workspace work)
    {
        for (var start = 0; start < word.Length;)
        {
            var whole = merges.MatchWhole(word[start..]);
            var length = whole > 0 ? whole : char.IsHighSurrogate(word[start]) ? 2 : 1;
            work.Add(start, length, merges.IdOf(word.Slice(start, length)), frozen: whole > 0);
            start += length;
        }

        work.Symbols[work.Count - 1].Next = -1;
    }

    private void Offer(ReadOnlySpan<char> word, Workspace work, int left, int right)
    {
        ref readonly var a = ref work.Symbols[left];
        ref readonly var b = ref work.Symbols[right];
        var length = a.Length + b.Length;
        if (a.Frozen || b.Frozen || !merges.TryMerge(a.Id, b.Id, word.Slice(a.Start, length), out var merge))
        {
            return;
        }

        work.Agenda.Enqueue(new Pair(left, right, length, merge.Id), ((ulong)merge.Order << 32) | (uint)left);
        if (vocabulary.Kind(merge.Id) == PieceKind.Unused)
        {
            work.UnusedSplits[merge.Id] = (a.Length, a.Id, b.Id);
        }
    }

    private void Join(ReadOnlySpan<char> word, Workspace work, Pair pair)
    {
        ref var left = ref work.Symbols[pair.Left];
        ref var right = ref work.Symbols[pair.Right];
        left.Length = pair.Length;
        left.Id = pair.Id;
        left.Next = right.Next;
        right.Length = 0;
        if (left.Next >= 0)
        {
            work.Symbols[left.Next].Previous = pair.Left;
            Offer(word, work, pair.Left, left.Next);
        }

        if (left.Previous >= 0)
        {
            Offer(word, work, left.Previous, pair.Left);
        }
    }

    private void Append(ReadOnlySpan<char> characters, int id, Workspace work, List<int> ids)
    {
        if (id < 0)
        {
            AppendUnknown(characters, ids);
        }
        else if (vocabulary.Kind(id) == PieceKind.Unused && work.UnusedSplits.TryGetValue(id, out var split))
        {
            // An unused piece may take part in merging but is not given out: it falls back to the pair that it was made of.
            Append(characters[..split.LeftLength], split.LeftId, work, ids);
            Append(characters[split.LeftLength..], split.RightId, work, ids);
        }
        else
        {
            ids.Add(id);
        }
    }

    private void AppendUnknown(ReadOnlySpan<char> characters, List<int> ids)
    {
        if (!vocabulary.HasAllBytes)
        {
            if (!fuseUnknown || ids.Count == 0 || ids[^1] != unknownId)
            {
                ids.Add(unknownId);
            }

            return;
        }

        Span<byte> bytes = stackalloc byte[4];
        foreach (var rune in characters.EnumerateRunes())
        {
            var count = rune.EncodeToUtf8(bytes);
            foreach (var value in bytes[..count])
            {
                ids.Add(vocabulary.ByteIds[value]);
            }
        }
    }

    /// <summary>A run of characters; the symbols of a word form a doubly linked list.</summary>
    private struct Symbol
    {
        public int Start;
        public int Length;
        public int Previous;
        public int Next;
        public int Id;
        public bool Frozen;
    }

    private readonly record struct Pair(int Left, int Right, int Length, int Id);

    private sealed class Workspace
    {
        public Symbol[] Symbols = new Symbol[64];

        public int Count { get; private set; }

        public PriorityQueue<Pair, ulong> Agenda { get; } = new();

        /// <summary>By id of an unused piece: how it was made. The latest offer counts, as in sentencepiece.</summary>
        public Dictionary<int, (int LeftLength, int LeftId, int RightId)> UnusedSplits { get; } = [];

        public void Begin(int length)
        {
            Count = 0;
            UnusedSplits.Clear();
            if (Symbols.Length < length)
            {
                Symbols = new Symbol[Math.Max(length, Symbols.Length * 2)];
            }
        }

        public void Add(int start, int length, int id, bool frozen)
        {
            Symbols[Count] = new Symbol { Start = start, Length = length, Previous = Count - 1, Next = Count + 1, Id = id, Frozen = frozen };
            Count++;
        }

        /// <summary>False for an offer that a later merge of one of its sides has overtaken.</summary>
        public bool IsCurrent(Pair pair) =>
            Symbols[pair.Right].Length > 0 && Symbols[pair.Left].Length > 0
            && Symbols[pair.Left].Length + Symbols[pair.Right].Length == pair.Length;
    }
}
