using Orleans.Streaming;

namespace Orleans.Serialization;

internal sealed class EnumerationStepCodec(WireCodecs codecs) : WireCodec<EnumerationStep>
{
    public override void Write(WireWriter writer, EnumerationStep value)
    {
        writer.WriteByte((byte)((byte)value.Status | (value.IsLast ? 0x80 : 0)));
        if (value.Status == EnumerationStatus.Elements)
            codecs.Slot<StreamBatch?>().Write(writer, value.Elements);
        else if (value.Status == EnumerationStatus.Failed)
            codecs.Slot<Exception?>().Write(writer, value.Exception);
    }

    public override EnumerationStep Read(WireReader reader)
    {
        byte first = reader.ReadByte();
        var status = (EnumerationStatus)(first & 0x7f);
        return new EnumerationStep(
            status,
            status == EnumerationStatus.Elements ? codecs.Slot<StreamBatch?>().Read(reader) : null,
            status == EnumerationStatus.Failed ? codecs.Slot<Exception?>().Read(reader) : null,
            (first & 0x80) != 0);
    }
}
