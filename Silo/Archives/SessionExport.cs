using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.State.Transfer;
using OrleansLM.Silo.Log;

namespace OrleansLM.Silo.Archives;

/// <summary>A session as it stood at one moment, ready to be streamed; it may go on meanwhile. Owns the state it was given.</summary>
internal sealed class SessionExport(ArchiveHeader header, int[] tokens, IStateExport? state) : IAsyncDisposable
{
    /// <summary>Bytes of a piece at most: a small session is one piece.</summary>
    private const int ChunkBytes = 2 << 20;

    /// <summary>The archive, in pieces.</summary>
    /// <exception cref="EngineException">Memory ran short and the state went before it was read: try again, or without the state.</exception>
    public async IAsyncEnumerable<byte[]> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 2 * ChunkBytes, resumeWriterThreshold: ChunkBytes, minimumSegmentSize: 1 << 16));
        var writing = WriteAsync(pipe.Writer, cancellationToken);
        try
        {
            for (var isLast = false; !isLast;)
            {
                var read = await pipe.Reader.ReadAtLeastAsync(ChunkBytes, cancellationToken);
                isLast = read.IsCompleted && read.Buffer.Length <= ChunkBytes;
                var chunk = read.Buffer.Slice(0, Math.Min(ChunkBytes, read.Buffer.Length));
                if (chunk.Length > 0)
                {
                    yield return chunk.ToArray();
                }

                pipe.Reader.AdvanceTo(chunk.End);
            }
        }
        finally
        {
            await pipe.Reader.CompleteAsync();
            await writing.ContinueWith(_ => { }, TaskScheduler.Default);
            await DisposeAsync();
        }
    }

    public ValueTask DisposeAsync() => state?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async Task WriteAsync(PipeWriter writer, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Yield();
            var blob = TokenBlob.Encode(tokens);
            var stream = writer.AsStream(leaveOpen: true);
            await ArchiveFormat.WriteAsync(stream, header with { TokenBytes = blob.Length, HasState = state is not null }, blob, cancellationToken);
            if (state is not null)
            {
                await StateWriter.WriteAsync(state, stream, cancellationToken);
            }

            await writer.CompleteAsync();
        }
        catch (Exception failure)
        {
            // The reader gets it.
            await writer.CompleteAsync(failure);
        }
    }
}
