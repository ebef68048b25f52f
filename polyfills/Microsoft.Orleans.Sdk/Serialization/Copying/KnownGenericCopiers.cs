using System.Collections;
using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Collections.ObjectModel;
using System.Runtime.CompilerServices;

namespace Orleans.Serialization;

/// <summary>Copiers of the framework's collections and tuples.</summary>
internal static class KnownGenericCopiers
{
    private static readonly FrozenDictionary<Type, Type> Copiers = new Dictionary<Type, Type>
    {
        [typeof(List<>)] = typeof(ListCopier<>),
        [typeof(HashSet<>)] = typeof(HashSetCopier<>),
        [typeof(SortedSet<>)] = typeof(SortedSetCopier<>),
        [typeof(Queue<>)] = typeof(QueueCopier<>),
        [typeof(Stack<>)] = typeof(StackCopier<>),
        [typeof(Collection<>)] = typeof(CollectionCopier<>),
        [typeof(ReadOnlyCollection<>)] = typeof(ReadOnlyCollectionCopier<>),
        [typeof(Dictionary<,>)] = typeof(DictionaryCopier<,>),
        [typeof(SortedDictionary<,>)] = typeof(SortedDictionaryCopier<,>),
        [typeof(ConcurrentDictionary<,>)] = typeof(ConcurrentDictionaryCopier<,>),
        [typeof(ReadOnlyDictionary<,>)] = typeof(ReadOnlyDictionaryCopier<,>),
        [typeof(KeyValuePair<,>)] = typeof(KeyValuePairCopier<,>),
        [typeof(ImmutableArray<>)] = typeof(ImmutableArrayCopier<>),
        [typeof(ImmutableList<>)] = typeof(ImmutableListCopier<>),
        [typeof(ImmutableHashSet<>)] = typeof(ImmutableHashSetCopier<>),
        [typeof(ImmutableDictionary<,>)] = typeof(ImmutableDictionaryCopier<,>),
        [typeof(Memory<>)] = typeof(MemoryCopier<>),
        [typeof(ReadOnlyMemory<>)] = typeof(ReadOnlyMemoryCopier<>),
    }.ToFrozenDictionary();

    public static bool Has(Type type)
        => type == typeof(BitArray) || (type.IsGenericType && (Copiers.ContainsKey(type.GetGenericTypeDefinition()) || IsTuple(type)));

    public static TypeCopier? TryCreate(Type type)
    {
        if (!type.IsGenericType)
            return type == typeof(BitArray) ? new BitArrayCopier() : null;
        if (IsTuple(type))
            return new TupleCopier(type);

        return Copiers.TryGetValue(type.GetGenericTypeDefinition(), out Type? generic)
            ? (TypeCopier)Activator.CreateInstance(generic.MakeGenericType(type.GenericTypeArguments))!
            : null;
    }

    private static bool IsTuple(Type type) => typeof(ITuple).IsAssignableFrom(type) && type.Namespace == nameof(System);
}
