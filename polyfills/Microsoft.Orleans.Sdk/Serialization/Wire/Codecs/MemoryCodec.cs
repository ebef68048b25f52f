namespace Orleans.Serialization;

internal sealed class MemoryCodec<TMemory, T>(WireCodecs codecs, Func<TMemory, T[]> toArray, Func<T[], TMemory> fromArray) : WireCodec<TMemory>
    where TMemory : struct
{
    private WireCodec<T[]>? _array;

    private WireCodec<T[]> Array => _array ??= (WireCodec<T[]>)codecs.For(typeof(T[]));

    public override void Write(WireWriter writer, TMemory value) => Array.Write(writer, toArray(value));

    public override TMemory Read(WireReader reader)
    {
        reader.BeginReference(-1);
        return fromArray(Array.Read(reader));
    }
}
