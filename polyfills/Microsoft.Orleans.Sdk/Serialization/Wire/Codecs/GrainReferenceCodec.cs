using Orleans.Runtime;
using Orleans.Runtime.Invocation;

namespace Orleans.Serialization;

internal sealed class GrainReferenceCodec(GrainReferences references, GrainInterfaces interfaces) : WireCodec<GrainReference>
{
    public override void Write(WireWriter writer, GrainReference value)
    {
        PlainCodecs.WriteGrainId(writer, value.GrainId);
        writer.WriteString(value.Shared.Interface.Name.ToString());
    }

    public override GrainReference Read(WireReader reader)
    {
        GrainId grain = PlainCodecs.ReadGrainId(reader);
        string name = reader.ReadString() ?? "";
        GrainInterface type = interfaces.Find(name) ?? throw new WireFormatException($"This process does not have the grain interface {name}.");
        return references.Create(grain, type.Type);
    }
}
