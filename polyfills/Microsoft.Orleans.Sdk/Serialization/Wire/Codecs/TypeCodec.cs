namespace Orleans.Serialization;

internal sealed class TypeCodec(WireTypeNames names) : WireCodec<Type>
{
    public override void Write(WireWriter writer, Type value) => writer.WriteString(names.NameOf(value));

    public override Type Read(WireReader reader) => names.Resolve(reader.ReadString() ?? "");
}
