namespace Orleans.Serialization;

/// <summary>A codec of a plain value, by a pair of functions.</summary>
internal sealed class PlainCodec<T>(FieldKind kind, Action<WireWriter, T> write, Func<WireReader, T> read) : WireCodec<T>
{
    public override FieldKind Kind => kind;

    public override void Write(WireWriter writer, T value) => write(writer, value);

    public override T Read(WireReader reader) => read(reader);
}
