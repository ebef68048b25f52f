using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;
using Grpc.Core;
using Grpc.Net.Compression;

namespace Grpc.Net.Wire;

/// <summary>Compresses and decompresses whole messages.</summary>
internal static class PayloadCodec
{
    private const int ReadSize = 16 * 1024;

    public static void Compress(ReadOnlySpan<byte> payload, ICompressionProvider provider, CompressionLevel? level, PooledBuffer output)
    {
        using var target = new PooledBufferStream(output);
        using Stream compressor = provider.CreateCompressionStream(target, level);
        compressor.Write(payload);
    }

    /// <summary>Stops as soon as the message is larger than <paramref name="maxSize"/>, so that a small frame cannot fill the memory.</summary>
    public static void Decompress(in ReadOnlySequence<byte> payload, ICompressionProvider provider, int? maxSize, PooledBuffer output)
    {
        try
        {
            using Stream source = PipeReader.Create(payload).AsStream();
            using Stream decompressor = provider.CreateDecompressionStream(source);
            ReadToEnd(decompressor, maxSize, output);
        }
        catch (Exception exception) when (exception is not RpcException)
        {
            throw WireErrors.BadCompression(exception);
        }
    }

    private static void ReadToEnd(Stream decompressor, int? maxSize, PooledBuffer output)
    {
        int read;
        while ((read = decompressor.Read(output.GetSpan(ReadSize))) > 0)
        {
            output.Advance(read);
            if (output.Written.Length > maxSize)
            {
                throw WireErrors.ReceivedTooLarge(output.Written.Length, maxSize.Value);
            }
        }
    }
}
