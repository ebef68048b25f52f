using System.Buffers;
using System.IO.Pipelines;
using Grpc.Core;
using Grpc.Net.Wire;

namespace Grpc.Net.Client.Internal;

/// <summary>Writes the caller's messages into the HTTP request stream, which exists once the connection has taken the request.</summary>
internal sealed class RequestStream<TRequest>(
    HttpCall call,
    Action<TRequest, SerializationContext> serialize,
    Func<IBufferWriter<byte>, FrameWriter> framing,
    WriteOptions? writeOptions) : IClientStreamWriter<TRequest>
    where TRequest : class
{
    private static readonly StreamPipeWriterOptions s_leaveOpen = new(leaveOpen: true);

    private readonly TaskCompletionSource<PipeWriter> _pipe = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private FrameWriter? _frames;
    private int _writing;

    public WriteOptions? WriteOptions { get; set; } = writeOptions;

    public Task WriteAsync(TRequest message) => WriteAsync(message, CancellationToken.None);

    public async Task WriteAsync(TRequest message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        cancellationToken.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(call.Disposed, call);
        if (_complete.Task.IsCompleted)
        {
            throw call.Ended ? EndedFailure() : new InvalidOperationException("Request stream has already been completed.");
        }

        if (Interlocked.Exchange(ref _writing, 1) != 0)
        {
            throw new InvalidOperationException("Can't write the message because the previous write is in progress.");
        }

        using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(
            static state => ((HttpCall)state!).Cancel(), call);
        try
        {
            await WriteCoreAsync(message).ConfigureAwait(false);
        }
        finally
        {
            Volatile.Write(ref _writing, 0);
        }
    }

    public Task CompleteAsync()
    {
        if (!_complete.TrySetResult() && !call.Ended)
        {
            throw new InvalidOperationException("Request stream has already been completed.");
        }

        return Task.CompletedTask;
    }

    public void EndCall()
    {
        _complete.TrySetResult();
        _pipe.TrySetCanceled();
    }

    /// <summary>Keeps the HTTP request open while messages may come.</summary>
    public async Task RunAsync(Stream stream)
    {
        _pipe.TrySetResult(PipeWriter.Create(stream, s_leaveOpen));
        await _complete.Task.ConfigureAwait(false);
        if (call is { Ended: true } && call.GetStatus().StatusCode != StatusCode.OK)
        {
            throw new OperationCanceledException(call.Running);
        }
    }

    private async Task WriteCoreAsync(TRequest message)
    {
        try
        {
            PipeWriter pipe = await _pipe.Task.ConfigureAwait(false);
            WriteFlags flags = WriteOptions?.Flags ?? default;
            _frames ??= framing(pipe);
            _frames.Write(message, serialize, allowCompression: (flags & WriteFlags.NoCompress) == 0);
            if ((flags & WriteFlags.BufferHint) == 0)
            {
                await pipe.FlushAsync(call.Running).ConfigureAwait(false);
            }
        }
        catch (Exception) when (call.Ended)
        {
            throw EndedFailure();
        }
        catch (RpcException exception) when (_frames is { Broken: false })
        {
            // Refused before a byte was written, such as a message over the limit: the call cannot go on without it.
            call.End(exception.Status);
            throw;
        }
        catch (Exception exception)
        {
            call.End(TransportStatus.Of(exception, "Error writing message."));
            throw call.Failure();
        }
    }

    private Exception EndedFailure() => call.GetStatus().StatusCode == StatusCode.OK
        ? new InvalidOperationException("Can't write the message because the call is complete.")
        : call.Failure();
}
