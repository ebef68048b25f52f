namespace Orleans.Serialization;

/// <summary>
/// Writes and reads what a declared type can hold. Plain values stand for themselves; a slot of a reference type says first whether it is null (0), an object that
/// was there before (1), of exactly the declared type (2), or of another type (its number).
/// </summary>
internal sealed class WireSlot<T>(WireCodecs codecs)
{
    private const ulong Null = 0;
    private const ulong Reference = 1;
    private const ulong Exact = 2;

    private readonly Type _declared = WireCodecs.Canonical(typeof(T));
    private WireCodec<T>? _codec;

    public FieldKind Kind => IsPlain ? Codec.Kind : FieldKind.Nested;

    private static bool IsPlain => typeof(T).IsValueType || typeof(T) == typeof(string);

    private WireCodec<T> Codec => _codec ??= (WireCodec<T>)codecs.For(typeof(T));

    public void Write(WireWriter writer, T value)
    {
        if (IsPlain)
        {
            Codec.Write(writer, value);
            return;
        }

        writer.Enter();
        WriteReferenceType(writer, value);
        writer.Leave();
    }

    public T Read(WireReader reader)
    {
        if (IsPlain)
            return Codec.Read(reader);

        reader.Enter();
        T value = ReadReferenceType(reader);
        reader.Leave();
        return value;
    }

    private void WriteReferenceType(WireWriter writer, T value)
    {
        if (value is null)
        {
            writer.WriteVarint(Null);
            return;
        }

        Type type = WireCodecs.Canonical(value.GetType());
        WireCodec codec = codecs.For(type);
        ulong kind = type == _declared ? Exact : writer.TypeNumber(type);
        if (!codec.IsTracked)
        {
            writer.WriteVarint(kind);
        }
        else if (writer.TryGetReference(value, out int position))
        {
            writer.WriteVarint(Reference);
            writer.WriteVarint((ulong)position);
            return;
        }
        else
        {
            writer.WriteVarint(kind);
        }

        codec.WriteBoxed(writer, value);
    }

    private T ReadReferenceType(WireReader reader)
    {
        int start = reader.Position;
        int reference = reader.NextReference;
        ulong kind = reader.ReadVarint();
        switch (kind)
        {
            case Null:
                return default!;
            case Reference:
                return Cast(reader.Referenced(reader.ReadPosition()), start);
        }

        WireCodec codec = kind == Exact ? codecs.For(_declared) : reader.CodecOf(kind);
        reader.BeginReference(codec.IsTracked ? reference : -1);
        return Cast(codec.ReadBoxed(reader), start);
    }

    private static T Cast(object value, int position)
        => value is T typed ? typed : throw new WireFormatException($"{value.GetType()} at byte {position}, where {typeof(T)} was expected.");
}
