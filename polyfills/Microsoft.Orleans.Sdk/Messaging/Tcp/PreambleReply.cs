using Orleans.Serialization;

namespace Orleans.Runtime.Messaging;

/// <summary>The answer to a preamble: who is here, and whether the connection is accepted.</summary>
internal sealed record PreambleReply(RefusalCode Code, string Reason, SiloAddress Address)
{
    public void Write(WireWriter writer)
    {
        writer.WriteInt32(Preamble.CurrentVersion);
        writer.WriteByte((byte)Code);
        writer.WriteString(Reason);
        PlainCodecs.WriteSilo(writer, Address);
    }

    public static PreambleReply Read(WireReader reader)
    {
        reader.ReadInt32();
        return new PreambleReply((RefusalCode)reader.ReadByte(), reader.ReadString() ?? "", PlainCodecs.ReadSilo(reader));
    }
}
