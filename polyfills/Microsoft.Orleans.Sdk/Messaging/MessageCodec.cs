using Orleans.Runtime.Invocation;
using Orleans.Serialization;

namespace Orleans.Runtime.Messaging;

/// <summary>
/// Writes and reads messages: the length of header and body, the header, the body. The header says where the message goes; the body is read where it is needed, and
/// passed on as it is by silos in between.
/// </summary>
internal sealed class MessageCodec(WireCodecs codecs, TimeProvider time)
{
    public const int PrefixBytes = 2 * sizeof(int);

    private readonly WireCodec<MethodCall> _calls = (WireCodec<MethodCall>)codecs.For(typeof(MethodCall));
    private readonly WireSlot<Dictionary<string, object>?> _contexts = codecs.Slot<Dictionary<string, object>?>();
    private readonly WireSlot<Exception> _exceptions = codecs.Slot<Exception>();

    [Flags]
    private enum Parts : byte
    {
        None = 0,
        Sender = 1,
        TargetSilo = 2,
        Via = 4,
        IsPlaced = 8,
        Deadline = 16,
    }

    /// <summary>Writes a message. Throws when its content cannot cross, or the header or body is longer than allowed.</summary>
    public WireWriter Encode(Message message, int maxHeader, int maxBody)
    {
        var writer = new WireWriter(codecs);
        try
        {
            writer.WriteInt64(0);
            WriteHeader(writer, message);
            int header = writer.Position - PrefixBytes;
            WriteBody(writer, message);
            int body = writer.Position - PrefixBytes - header;
            Check(message, header, maxHeader, "header");
            Check(message, body, maxBody, "content");
            writer.PatchInt32(0, header);
            writer.PatchInt32(sizeof(int), body);
            return writer;
        }
        catch
        {
            writer.Dispose();
            throw;
        }
    }

    public Message DecodeHeader(ReadOnlyMemory<byte> header, ReadOnlyMemory<byte> body)
    {
        var reader = new WireReader(codecs, header);
        var kind = (MessageKind)reader.ReadByte();
        var parts = (Parts)reader.ReadByte();
        long id = reader.ReadSigned();
        GrainId target = PlainCodecs.ReadGrainId(reader);
        SiloAddress sendingSilo = PlainCodecs.ReadSilo(reader);
        int forwards = (int)Math.Min(reader.ReadVarint(), int.MaxValue);
        GrainId sender = parts.HasFlag(Parts.Sender) ? PlainCodecs.ReadGrainId(reader) : default;
        SiloAddress? targetSilo = parts.HasFlag(Parts.TargetSilo) ? PlainCodecs.ReadSilo(reader) : null;
        SiloAddress? via = parts.HasFlag(Parts.Via) ? PlainCodecs.ReadSilo(reader) : null;
        long deadline = parts.HasFlag(Parts.Deadline) ? time.GetTimestamp() + (long)(reader.ReadVarint() / 1000.0 * time.TimestampFrequency) : long.MaxValue;
        return new Message
        {
            Kind = kind <= MessageKind.Moved ? kind : throw new WireFormatException($"A message of kind {(byte)kind}."),
            Id = id,
            Target = target,
            SendingSilo = sendingSilo,
            Sender = sender,
            TargetSilo = targetSilo,
            Via = via,
            ForwardCount = forwards,
            IsPlaced = parts.HasFlag(Parts.IsPlaced),
            Deadline = deadline,
            Body = body,
        };
    }

    /// <summary>Reads the content of a message that came from another process.</summary>
    public void DecodeBody(Message message)
    {
        if (message.Body is not { } body)
            return;

        var reader = new WireReader(codecs, body);
        if (message.IsRequest)
            ReadCall(reader, message);
        else if (message.Kind == MessageKind.Response)
            ReadResult(reader, message);
        message.Body = null;
    }

    private void ReadCall(WireReader reader, Message message)
    {
        reader.BeginBody();
        message.RequestContext = _contexts.Read(reader);
        message.Call = _calls.Read(reader);
    }

    private void ReadResult(WireReader reader, Message message)
    {
        reader.BeginBody();
        if (reader.ReadBool())
            message.Result = reader.ReadObject();
        else
            message.Exception = _exceptions.Read(reader);
    }

    private void WriteHeader(WireWriter writer, Message message)
    {
        writer.WriteByte((byte)message.Kind);
        writer.WriteByte((byte)PartsOf(message));
        writer.WriteSigned(message.Id);
        PlainCodecs.WriteGrainId(writer, message.Target);
        PlainCodecs.WriteSilo(writer, message.SendingSilo);
        writer.WriteVarint((ulong)message.ForwardCount);
        if (!message.Sender.IsDefault)
            PlainCodecs.WriteGrainId(writer, message.Sender);
        if (message.TargetSilo is { } target)
            PlainCodecs.WriteSilo(writer, target);
        if (message.Via is { } via)
            PlainCodecs.WriteSilo(writer, via);
        if (message.Deadline != long.MaxValue)
            writer.WriteVarint((ulong)Math.Max(0, (message.Deadline - time.GetTimestamp()) * 1000.0 / time.TimestampFrequency));
    }

    private static Parts PartsOf(Message message)
        => (message.Sender.IsDefault ? 0 : Parts.Sender) | (message.TargetSilo is null ? 0 : Parts.TargetSilo) | (message.Via is null ? 0 : Parts.Via)
            | (message.IsPlaced ? Parts.IsPlaced : 0) | (message.Deadline == long.MaxValue ? 0 : Parts.Deadline);

    private void WriteBody(WireWriter writer, Message message)
    {
        if (message.Body is { } body)
        {
            writer.WriteBytes(body.Span);
            return;
        }

        if (message.IsRequest)
            WriteCall(writer, message);
        else if (message.Kind == MessageKind.Response)
            WriteResult(writer, message);
    }

    private void WriteCall(WireWriter writer, Message message)
    {
        writer.BeginBody();
        _contexts.Write(writer, message.RequestContext);
        _calls.Write(writer, message.Call!);
        writer.EndBody();
    }

    private void WriteResult(WireWriter writer, Message message)
    {
        writer.BeginBody();
        writer.WriteBool(message.Exception is null);
        if (message.Exception is { } exception)
            _exceptions.Write(writer, exception);
        else
            writer.WriteObject(message.Result);
        writer.EndBody();
    }

    private static void Check(Message message, int bytes, int limit, string part)
    {
        if (bytes > limit)
            throw new OrleansMessageRejectionException($"The {part} of {message} has {bytes} bytes; at most {limit} are allowed.");
    }
}
