namespace Orleans.Serialization;

/// <summary>Comparers that cross: the default one, and those of strings.</summary>
internal static class KnownComparers
{
    private static readonly StringComparer[] OfStrings =
        [StringComparer.Ordinal, StringComparer.OrdinalIgnoreCase, StringComparer.InvariantCulture, StringComparer.InvariantCultureIgnoreCase];

    public static void Write<T>(WireWriter writer, IEqualityComparer<T> comparer)
    {
        if (comparer.Equals(EqualityComparer<T>.Default))
            writer.WriteByte(0);
        else
            writer.WriteByte(NumberOf(comparer));
    }

    public static void WriteOrder<T>(WireWriter writer, IComparer<T> comparer)
    {
        if (comparer.Equals(Comparer<T>.Default))
            writer.WriteByte(0);
        else
            writer.WriteByte(NumberOf(comparer));
    }

    public static IEqualityComparer<T>? Read<T>(WireReader reader) => (IEqualityComparer<T>?)(object?)ReadAny(reader, typeof(T));

    public static IComparer<T>? ReadOrder<T>(WireReader reader) => (IComparer<T>?)(object?)ReadAny(reader, typeof(T));

    private static byte NumberOf(object comparer)
    {
        int index = Array.FindIndex(OfStrings, c => c.Equals(comparer));
        return index >= 0
            ? (byte)(index + 1)
            : throw new CodecNotFoundException($"A collection with the comparer {comparer.GetType()} cannot cross a grain call: only default comparers and those of StringComparer can.");
    }

    private static StringComparer? ReadAny(WireReader reader, Type element)
    {
        int number = reader.ReadByte();
        if (number == 0)
            return null;

        return element == typeof(string) && number <= OfStrings.Length ? OfStrings[number - 1] : throw new WireFormatException($"Comparer {number} of {element}.");
    }
}
