using Orleans.Serialization;

namespace Orleans.Runtime.Messaging;

/// <summary>What the one who connects says first: who it is, and whom it expects (null: whoever is there).</summary>
internal sealed record Preamble(int Version, string ClusterId, string ServiceId, SiloAddress Address, SiloAddress? Expected)
{
    public const int CurrentVersion = 1;

    private const int Magic = 0x4c534f4f;
    private const int MaxBytes = 16 * 1024;

    public void Write(WireWriter writer)
    {
        writer.WriteInt32(Version);
        writer.WriteString(ClusterId);
        writer.WriteString(ServiceId);
        PlainCodecs.WriteSilo(writer, Address);
        writer.WriteBool(Expected is not null);
        if (Expected is not null)
            PlainCodecs.WriteSilo(writer, Expected);
    }

    /// <summary>Only the version is read of a preamble of another version.</summary>
    public static Preamble Read(WireReader reader)
    {
        int version = reader.ReadInt32();
        return version == CurrentVersion
            ? new Preamble(version, reader.ReadString() ?? "", reader.ReadString() ?? "", PlainCodecs.ReadSilo(reader), reader.ReadBool() ? PlainCodecs.ReadSilo(reader) : null)
            : new Preamble(version, "", "", SiloAddress.Zero, null);
    }

    public static async Task SendAsync(Stream stream, WireCodecs codecs, Action<WireWriter> write, CancellationToken cancellation)
    {
        using var writer = new WireWriter(codecs);
        writer.WriteInt32(Magic);
        writer.WriteInt32(0);
        write(writer);
        writer.PatchInt32(sizeof(int), writer.Position - (2 * sizeof(int)));
        await stream.WriteAsync(writer.ToArray(), cancellation);
        await stream.FlushAsync(cancellation);
    }

    public static async Task<WireReader> ReceiveAsync(Stream stream, WireCodecs codecs, CancellationToken cancellation)
    {
        var prefix = new byte[2 * sizeof(int)];
        await stream.ReadExactlyAsync(prefix, cancellation);
        if (BitConverter.ToInt32(prefix) != Magic)
            throw new WireFormatException("The other side does not speak the silo protocol.");

        int count = BitConverter.ToInt32(prefix, sizeof(int));
        if (count is < 0 or > MaxBytes)
            throw new WireFormatException($"A preamble of {count} bytes; at most {MaxBytes} are expected.");

        var bytes = new byte[count];
        await stream.ReadExactlyAsync(bytes, cancellation);
        return new WireReader(codecs, bytes);
    }
}
