using System.Buffers.Binary;
using Google.Protobuf;

namespace OrleansLM.Polyfills.Tests.Grpc;

/// <summary>Messages as they are on the wire, made here and not by the code under test.</summary>
public static class Frames
{
    public static byte[] Of(IMessage message) => Of(0, message.ToByteArray());

    public static byte[] Of(byte flag, byte[] payload) => Of(flag, (uint)payload.Length, payload);

    public static byte[] Of(byte flag, uint length, byte[] payload)
    {
        byte[] frame = new byte[5 + payload.Length];
        frame[0] = flag;
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), length);
        payload.CopyTo(frame, 5);
        return frame;
    }

    /// <summary>The one uncompressed message that <paramref name="body"/> must be.</summary>
    public static T Single<T>(byte[] body, MessageParser<T> parser)
        where T : IMessage<T>
    {
        Assert.Equal(0, body[0]);
        Assert.Equal((uint)body.Length - 5, BinaryPrimitives.ReadUInt32BigEndian(body.AsSpan(1)));
        return parser.ParseFrom(body.AsSpan(5));
    }
}
