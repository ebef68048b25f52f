namespace Orleans.Serialization;

internal abstract class WireCodec<T> : WireCodec
{
    public override Type Type => typeof(T);

    public abstract void Write(WireWriter writer, T value);

    public abstract T Read(WireReader reader);

    public override void WriteBoxed(WireWriter writer, object value) => Write(writer, (T)value);

    public override object ReadBoxed(WireReader reader) => Read(reader)!;
}
