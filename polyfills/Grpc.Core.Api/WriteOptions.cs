namespace Grpc.Core;

/// <summary>How messages of a call are written.</summary>
public sealed class WriteOptions(WriteFlags flags = default)
{
    public static readonly WriteOptions Default = new();

    public WriteFlags Flags { get; } = flags;
}
