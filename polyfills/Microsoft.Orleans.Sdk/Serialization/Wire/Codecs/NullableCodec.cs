namespace Orleans.Serialization;

internal sealed class NullableCodec<T>(WireCodecs codecs) : WireCodec<T?>
    where T : struct
{
    private readonly WireSlot<T> _slot = codecs.Slot<T>();

    public override void Write(WireWriter writer, T? value)
    {
        writer.WriteBool(value.HasValue);
        if (value is { } some)
            _slot.Write(writer, some);
    }

    public override T? Read(WireReader reader) => reader.ReadBool() ? _slot.Read(reader) : null;
}
