using System.Buffers;

namespace Grpc.Core;

/// <summary>Where a marshaller writes one message: either one array, or a length followed by writes to a buffer.</summary>
public abstract class SerializationContext
{
    public virtual void Complete(byte[] payload) => throw new NotSupportedException();

    /// <summary>The buffer to write to. <see cref="Complete()"/> ends the message.</summary>
    public virtual IBufferWriter<byte> GetBufferWriter() => throw new NotSupportedException();

    /// <summary>Bytes that will be written, known before the first write.</summary>
    public virtual void SetPayloadLength(int payloadLength)
    {
    }

    public virtual void Complete() => throw new NotSupportedException();
}
