namespace Grpc.Core;

[Flags]
public enum WriteFlags
{
    /// <summary>The message may wait for the next one instead of being flushed.</summary>
    BufferHint = 1,

    /// <summary>This message is not compressed, even when the call negotiated compression.</summary>
    NoCompress = 2,
}
