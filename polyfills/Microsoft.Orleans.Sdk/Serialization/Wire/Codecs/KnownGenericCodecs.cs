using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Collections.ObjectModel;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Orleans.Serialization;

/// <summary>Codecs of the framework's collections and tuples: the same types as <see cref="KnownGenericCopiers"/> copies.</summary>
internal static class KnownGenericCodecs
{
    private static readonly FrozenDictionary<Type, string> Makers = new Dictionary<Type, string>
    {
        [typeof(List<>)] = nameof(List),
        [typeof(HashSet<>)] = nameof(HashSet),
        [typeof(SortedSet<>)] = nameof(SortedSet),
        [typeof(Queue<>)] = nameof(Queue),
        [typeof(Stack<>)] = nameof(Stack),
        [typeof(Collection<>)] = nameof(Collection),
        [typeof(ReadOnlyCollection<>)] = nameof(ReadOnlyCollection),
        [typeof(Dictionary<,>)] = nameof(Dictionary),
        [typeof(SortedDictionary<,>)] = nameof(SortedDictionary),
        [typeof(ConcurrentDictionary<,>)] = nameof(ConcurrentDictionary),
        [typeof(ReadOnlyDictionary<,>)] = nameof(ReadOnlyDictionary),
        [typeof(KeyValuePair<,>)] = nameof(KeyValuePair),
        [typeof(ImmutableArray<>)] = nameof(ImmutableArray),
        [typeof(ImmutableList<>)] = nameof(ImmutableList),
        [typeof(ImmutableHashSet<>)] = nameof(ImmutableHashSet),
        [typeof(ImmutableDictionary<,>)] = nameof(ImmutableDictionary),
        [typeof(Memory<>)] = nameof(Memory),
        [typeof(ReadOnlyMemory<>)] = nameof(ReadOnlyMemory),
    }.ToFrozenDictionary();

    public static WireCodec? TryCreate(Type type, WireCodecs codecs)
    {
        if (!type.IsGenericType)
            return null;
        if (typeof(ITuple).IsAssignableFrom(type) && type.Namespace == nameof(System))
            return (WireCodec)Activator.CreateInstance(typeof(TupleCodec<>).MakeGenericType(type), codecs)!;
        if (!Makers.TryGetValue(type.GetGenericTypeDefinition(), out string? maker))
            return null;

        MethodInfo method = typeof(KnownGenericCodecs).GetMethod(maker, BindingFlags.Static | BindingFlags.NonPublic)!;
        return (WireCodec)method.MakeGenericMethod(type.GenericTypeArguments).Invoke(null, [codecs])!;
    }

    private static ListCodec<T> List<T>(WireCodecs codecs) => new(codecs);

    private static ComparedCodec<HashSet<T>, T> HashSet<T>(WireCodecs codecs) => new(
        codecs,
        static (w, v) => KnownComparers.Write(w, v.Comparer),
        static r => KnownComparers.Read<T>(r) is var comparer ? items => new HashSet<T>(items, comparer) : null!);

    private static ComparedCodec<SortedSet<T>, T> SortedSet<T>(WireCodecs codecs) => new(
        codecs,
        static (w, v) => KnownComparers.WriteOrder(w, v.Comparer),
        static r => KnownComparers.ReadOrder<T>(r) is var comparer ? items => new SortedSet<T>(items, comparer) : null!);

    private static SequenceCodec<Queue<T>, T> Queue<T>(WireCodecs codecs) => new(codecs, static c => c, static items => new Queue<T>(items));

    private static SequenceCodec<Stack<T>, T> Stack<T>(WireCodecs codecs) => new(codecs, static c => c.Reverse(), static items => new Stack<T>(items));

    private static SequenceCodec<Collection<T>, T> Collection<T>(WireCodecs codecs) => new(codecs, static c => c, static items => new Collection<T>([.. items]));

    private static SequenceCodec<ReadOnlyCollection<T>, T> ReadOnlyCollection<T>(WireCodecs codecs)
        => new(codecs, static c => c, static items => new ReadOnlyCollection<T>(items));

    private static DictionaryCodec<TKey, TValue> Dictionary<TKey, TValue>(WireCodecs codecs)
        where TKey : notnull
        => new(codecs);

    private static ComparedCodec<SortedDictionary<TKey, TValue>, KeyValuePair<TKey, TValue>> SortedDictionary<TKey, TValue>(WireCodecs codecs)
        where TKey : notnull
        => new(
            codecs,
            static (w, v) => KnownComparers.WriteOrder(w, v.Comparer),
            static r => KnownComparers.ReadOrder<TKey>(r) is var comparer
                ? items => new SortedDictionary<TKey, TValue>(items.ToDictionary(p => p.Key, p => p.Value), comparer)
                : null!);

    private static ComparedCodec<ConcurrentDictionary<TKey, TValue>, KeyValuePair<TKey, TValue>> ConcurrentDictionary<TKey, TValue>(WireCodecs codecs)
        where TKey : notnull
        => new(
            codecs,
            static (w, v) => KnownComparers.Write(w, v.Comparer),
            static r => KnownComparers.Read<TKey>(r) is var comparer ? items => new ConcurrentDictionary<TKey, TValue>(items, comparer) : null!);

    private static SequenceCodec<ReadOnlyDictionary<TKey, TValue>, KeyValuePair<TKey, TValue>> ReadOnlyDictionary<TKey, TValue>(WireCodecs codecs)
        where TKey : notnull
        => new(codecs, static c => c, static items => new ReadOnlyDictionary<TKey, TValue>(items.ToDictionary(p => p.Key, p => p.Value)));

    private static KeyValuePairCodec<TKey, TValue> KeyValuePair<TKey, TValue>(WireCodecs codecs) => new(codecs);

    private static SequenceCodec<ImmutableArray<T>, T> ImmutableArray<T>(WireCodecs codecs)
        => new(codecs, static c => c.IsDefault ? null : c, static items => System.Collections.Immutable.ImmutableArray.Create(items));

    private static SequenceCodec<ImmutableList<T>, T> ImmutableList<T>(WireCodecs codecs)
        => new(codecs, static c => c, static items => System.Collections.Immutable.ImmutableList.CreateRange(items));

    private static ComparedCodec<ImmutableHashSet<T>, T> ImmutableHashSet<T>(WireCodecs codecs) => new(
        codecs,
        static (w, v) => KnownComparers.Write(w, v.KeyComparer),
        static r => KnownComparers.Read<T>(r) is var comparer ? items => System.Collections.Immutable.ImmutableHashSet.CreateRange(comparer, items) : null!);

    private static ComparedCodec<ImmutableDictionary<TKey, TValue>, KeyValuePair<TKey, TValue>> ImmutableDictionary<TKey, TValue>(WireCodecs codecs)
        where TKey : notnull
        => new(
            codecs,
            static (w, v) => KnownComparers.Write(w, v.KeyComparer),
            static r => KnownComparers.Read<TKey>(r) is var comparer
                ? items => System.Collections.Immutable.ImmutableDictionary.CreateRange(comparer, items)
                : null!);

    private static MemoryCodec<Memory<T>, T> Memory<T>(WireCodecs codecs) => new(codecs, static m => m.ToArray(), static a => a);

    private static MemoryCodec<ReadOnlyMemory<T>, T> ReadOnlyMemory<T>(WireCodecs codecs) => new(codecs, static m => m.ToArray(), static a => a);
}
