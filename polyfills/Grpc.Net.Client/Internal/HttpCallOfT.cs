using System.Buffers;
using System.IO.Pipelines;
using Grpc.Core;
using Grpc.Net.Compression;
using Grpc.Net.Wire;

namespace Grpc.Net.Client.Internal;

/// <summary>A call with its messages.</summary>
internal sealed class HttpCall<TRequest, TResponse> : HttpCall
    where TRequest : class
    where TResponse : class
{
    private const int ReadBufferBytes = 16 * 1024;

    private static readonly TimeSpan s_firstRetry = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_longestRetry = TimeSpan.FromSeconds(1);

    private readonly Method<TRequest, TResponse> _method;
    private readonly ResponseStream<TRequest, TResponse> _responses;
    private readonly TaskCompletionSource<FrameReader> _reader = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private RequestStream<TRequest>? _requests;
    private HttpResponseMessage? _response;

    public HttpCall(ChannelSettings settings, ActiveCalls calls, Method<TRequest, TResponse> method, CallOptions options)
        : base(settings, calls, options, method.FullName)
    {
        _method = method;
        _responses = new ResponseStream<TRequest, TResponse>(this);
    }

    public IClientStreamWriter<TRequest> Requests => _requests!;

    public IAsyncStreamReader<TResponse> Responses => _responses;

    /// <summary>Begins the request; a null message begins a request stream.</summary>
    public void Start(TRequest? message)
    {
        // A copy: credentials may add to it, and the caller may use theirs again.
        Metadata headers = Options.Headers is { } given ? [.. given] : [];
        ICompressionProvider? compression = Settings.Encodings.Find(headers.GetValue(GrpcHeaders.EncodingRequest));
        FrameWriter Framing(IBufferWriter<byte> output) => new(output, Settings.MaxSendBytes, compression, null);
        Action<TRequest, SerializationContext> serialize = _method.RequestMarshaller.ContextualSerializer;

        HttpContent content;
        if (message is null)
        {
            _requests = new RequestStream<TRequest>(this, serialize, Framing, Options.WriteOptions);
            content = new RequestStreamContent<TRequest>(_requests);
        }
        else
        {
            content = new SingleMessageContent<TRequest>(message, serialize, Framing, Options.WriteOptions);
        }

        if (Ended)
        {
            _requests?.EndCall();
        }

        _ = RunAsync(headers, content, compression?.EncodingName);
    }

    /// <summary>The one response of the call, once the status says that it counts.</summary>
    public async Task<TResponse> SingleResponseAsync()
    {
        if (!await _responses.MoveNext(CancellationToken.None).ConfigureAwait(false))
        {
            throw await RejectAsync(new Status(StatusCode.Internal, "Failed to deserialize response message: the server sent none.")).ConfigureAwait(false);
        }

        TResponse response = _responses.Current;
        return await _responses.MoveNext(CancellationToken.None).ConfigureAwait(false)
            ? throw await RejectAsync(new Status(StatusCode.Internal, "Unexpected data after finished reading message.")).ConfigureAwait(false)
            : response;
    }

    /// <summary>The next message, or null when the stream ended with status OK.</summary>
    public async ValueTask<TResponse?> ReadAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(
            static call => ((HttpCall)call!).Cancel(), this);
        try
        {
            FrameReader reader = await _reader.Task.ConfigureAwait(false);
            TResponse? message = await reader.ReadAsync(_method.ResponseMarshaller.ContextualDeserializer, Running).ConfigureAwait(false);
            if (message is null)
            {
                reader.Complete();
                EndByTrailers(_response!);
            }

            if (Ended && GetStatus().StatusCode != StatusCode.OK)
            {
                throw Failure();
            }

            return message;
        }
        catch (Exception exception) when (!Ended)
        {
            End(TransportStatus.Of(exception, "Error reading next message."));
            throw Failure();
        }
        catch (Exception exception) when (exception is not RpcException and not OperationCanceledException { InnerException: RpcException })
        {
            throw Failure();
        }
    }

    protected override void OnEnded(Status status)
    {
        _requests?.EndCall();
        if (status.StatusCode == StatusCode.OK)
        {
            return;
        }

        // Resets the HTTP/2 stream unless it has ended.
        _response?.Dispose();
        if (_reader.TrySetException(Failure()))
        {
            _ = _reader.Task.Exception;
        }
    }

    private Task<Exception> RejectAsync(Status status)
    {
        End(status);
        return Task.FromResult<Exception>(GetStatus().StatusCode == StatusCode.OK ? new RpcException(status) : Failure());
    }

    private async Task RunAsync(Metadata headers, HttpContent content, string? encoding)
    {
        try
        {
            await AddCredentialsAsync(headers).ConfigureAwait(false);
            await AcceptAsync(await SendAsync(headers, content, encoding).ConfigureAwait(false)).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            End(TransportStatus.Of(exception, "Error starting gRPC call."));
        }
    }

    /// <summary>A call that waits for the server tries again for as long as there is no connection; nothing was sent then.</summary>
    private async Task<HttpResponseMessage> SendAsync(Metadata headers, HttpContent content, string? encoding)
    {
        for (TimeSpan wait = s_firstRetry; ; wait = wait < s_longestRetry ? wait * 2 : wait)
        {
            try
            {
                HttpRequestMessage request = RequestMessage.Create(Settings, MethodName, headers, Options.Deadline, encoding, content);
                return await Settings.SendAsync(request, Running).ConfigureAwait(false);
            }
            catch (HttpRequestException exception)
                when (Options.IsWaitForReady && TransportStatus.NeverConnected(exception))
            {
                await Task.Delay(wait, Running).ConfigureAwait(false);
            }
        }
    }

    private async Task AcceptAsync(HttpResponseMessage response)
    {
        Volatile.Write(ref _response, response);
        if (Ended)
        {
            response.Dispose();
            return;
        }

        if (ResponseMessage.Refusal(response) is { } refused)
        {
            End(refused);
            return;
        }

        AcceptHeaders(ResponseMessage.ReadMetadata(response.Headers));
        if (response.Headers.Contains(GrpcHeaders.Status))
        {
            End(ResponseMessage.ReadStatus(response.Headers), ResponseMessage.ReadMetadata(response.Headers));
        }

        Stream body = await response.Content.ReadAsStreamAsync(Running).ConfigureAwait(false);
        string? encoding = ResponseMessage.First(response.Headers, GrpcHeaders.Encoding);
        PipeReader pipe = PipeReader.Create(body, new StreamPipeReaderOptions(bufferSize: ReadBufferBytes));
        _reader.TrySetResult(new FrameReader(pipe, Settings.MaxReceiveBytes, encoding, Settings.Encodings));
    }

    private void EndByTrailers(HttpResponseMessage response)
    {
        if (!Ended)
        {
            End(ResponseMessage.ReadStatus(response.TrailingHeaders), ResponseMessage.ReadMetadata(response.TrailingHeaders));
        }
    }

    private async Task AddCredentialsAsync(Metadata headers)
    {
        if (Settings.CallCredentials.Count == 0 && Options.Credentials is null)
        {
            return;
        }

        if (!Settings.SendsCallCredentials)
        {
            Settings.Logger.CredentialsWithheld(MethodName);
            return;
        }

        string service = new Uri(Settings.Address, _method.ServiceName).ToString();
        var context = new AuthInterceptorContext(service, _method.Name, Running);
        IEnumerable<CallCredentials> credentials = Options.Credentials is { } own ? Settings.CallCredentials.Append(own) : Settings.CallCredentials;
        await CallCredentialsRunner.RunAsync(credentials, context, headers).ConfigureAwait(false);
    }
}
