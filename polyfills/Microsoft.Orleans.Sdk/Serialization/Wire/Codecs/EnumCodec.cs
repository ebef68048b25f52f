namespace Orleans.Serialization;

internal sealed class EnumCodec<T> : WireCodec<T>
    where T : struct, Enum
{
    private static readonly bool IsWide = Enum.GetUnderlyingType(typeof(T)) == typeof(ulong);

    public override FieldKind Kind => FieldKind.Varint;

    public override void Write(WireWriter writer, T value)
        => writer.WriteSigned(IsWide ? (long)Convert.ToUInt64(value) : Convert.ToInt64(value));

    public override T Read(WireReader reader)
    {
        long value = reader.ReadSigned();
        return (T)(IsWide ? Enum.ToObject(typeof(T), (ulong)value) : Enum.ToObject(typeof(T), value));
    }
}
