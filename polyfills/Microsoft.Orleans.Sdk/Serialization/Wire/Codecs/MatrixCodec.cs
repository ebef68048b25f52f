namespace Orleans.Serialization;

/// <summary>Arrays of several dimensions.</summary>
internal sealed class MatrixCodec<TArray>(WireCodecs codecs) : WireCodec<TArray>
    where TArray : class
{
    private readonly Type _element = typeof(TArray).GetElementType()!;

    public override bool IsTracked => true;

    public override void Write(WireWriter writer, TArray value)
    {
        var array = (Array)(object)value;
        for (int i = 0; i < array.Rank; i++)
            writer.WriteVarint((ulong)array.GetLength(i));
        WireCodec codec = codecs.For(_element);
        foreach (object item in array)
            codec.WriteBoxed(writer, item);
    }

    public override TArray Read(WireReader reader)
    {
        int reference = reader.TakeReference();
        var lengths = new int[typeof(TArray).GetArrayRank()];
        long total = 1;
        for (int i = 0; i < lengths.Length; i++)
        {
            lengths[i] = reader.ReadCount();
            total *= lengths[i];
            if (total > reader.Remaining)
                throw new WireFormatException($"An array of {total} elements in the {reader.Remaining} bytes that are left.");
        }

        var array = Array.CreateInstance(_element, lengths);
        reader.Register(reference, array);
        Fill(array, codecs.For(_element), reader, lengths, (int)total);
        return (TArray)(object)array;
    }

    private static void Fill(Array array, WireCodec codec, WireReader reader, int[] lengths, int total)
    {
        var indices = new int[lengths.Length];
        for (int i = 0; i < total; i++)
        {
            array.SetValue(codec.ReadBoxed(reader), indices);
            for (int dimension = lengths.Length - 1; dimension >= 0 && ++indices[dimension] == lengths[dimension]; dimension--)
                indices[dimension] = 0;
        }
    }
}
