namespace Orleans.Serialization;

/// <summary>Writes and reads arguments of one parameter.</summary>
internal abstract class ArgumentCodec
{
    public static ArgumentCodec Create(WireCodecs codecs, Type type) => (ArgumentCodec)Activator.CreateInstance(typeof(Of<>).MakeGenericType(type), codecs)!;

    public abstract void Write(WireWriter writer, object? value);

    public abstract object? Read(WireReader reader);

    private sealed class Of<T>(WireCodecs codecs) : ArgumentCodec
    {
        private readonly WireSlot<T> _slot = codecs.Slot<T>();

        public override void Write(WireWriter writer, object? value) => _slot.Write(writer, (T)value!);

        public override object? Read(WireReader reader) => _slot.Read(reader);
    }
}
