using Google.Protobuf;

namespace Grpc.Core;

public static class MetadataExtensions
{
    public const string StatusDetailsTrailerName = "grpc-status-details-bin";

    /// <summary>The rich status in these trailers, or null when there is none (or, if asked, an unreadable one).</summary>
    /// <exception cref="InvalidProtocolBufferException">The trailer does not hold a google.rpc.Status.</exception>
    public static Google.Rpc.Status? GetRpcStatus(this Metadata metadata, bool ignoreParseError = false)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        if (metadata.Get(StatusDetailsTrailerName) is not { } entry)
        {
            return null;
        }

        try
        {
            return Google.Rpc.Status.Parser.ParseFrom(entry.ValueBytes);
        }
        catch (InvalidProtocolBufferException) when (ignoreParseError)
        {
            return null;
        }
    }

    /// <summary>Replaces the rich status in these trailers.</summary>
    public static void SetRpcStatus(this Metadata metadata, Google.Rpc.Status status)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        ArgumentNullException.ThrowIfNull(status);
        while (metadata.Get(StatusDetailsTrailerName) is { } old)
        {
            metadata.Remove(old);
        }

        metadata.Add(StatusDetailsTrailerName, status.ToByteArray());
    }
}
