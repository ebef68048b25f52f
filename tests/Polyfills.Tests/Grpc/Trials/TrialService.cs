using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Status = Grpc.Core.Status;

namespace OrleansLM.Polyfills.Tests.Grpc.Trials;

public sealed class TrialService(TrialEvents events) : Trial.TrialBase
{
    public override async Task<Words> Echo(Words request, ServerCallContext context)
    {
        var headers = new Metadata();
        foreach (Metadata.Entry entry in context.RequestHeaders)
        {
            if (entry.Key.StartsWith("x-", StringComparison.Ordinal))
            {
                headers.Add(entry);
            }
            else if (entry.Key.StartsWith("y-", StringComparison.Ordinal))
            {
                context.ResponseTrailers.Add(entry);
            }
        }

        if (headers.Count > 0)
        {
            await context.WriteResponseHeadersAsync(headers);
        }

        return request;
    }

    public override Task<Words> Fail(Failure request, ServerCallContext context)
    {
        switch (request.Kind)
        {
            case Failure.Types.Kind.Status:
                throw new RpcException(new Status((StatusCode)request.Code, request.Detail), new Metadata { { "y-why", "because" } });
            case Failure.Types.Kind.RichStatus:
                throw Rich(request).ToRpcException();
            case Failure.Types.Kind.Unexpected:
                throw new InvalidOperationException(request.Detail);
            case Failure.Types.Kind.SetStatus:
                context.Status = new Status((StatusCode)request.Code, request.Detail);
                return Task.FromResult(new Words());
            default:
                return Task.FromResult<Words>(null!);
        }
    }

    public override async Task<Number> Sum(IAsyncStreamReader<Number> requestStream, ServerCallContext context)
    {
        long sum = 0;
        await foreach (Number number in requestStream.ReadAllAsync())
        {
            sum += number.Value;
        }

        return new Number { Value = sum };
    }

    public override async Task Count(CountRequest request, IServerStreamWriter<Number> responseStream, ServerCallContext context)
    {
        ByteString payload = UnsafeByteOperations.UnsafeWrap(new byte[request.PayloadBytes]);
        try
        {
            for (int i = 0; i < request.Count; i++)
            {
                await responseStream.WriteAsync(new Number { Value = i, Payload = payload });
                if (i + 1 == request.FailAfter)
                {
                    throw new RpcException(new Status(StatusCode.DataLoss, $"after {request.FailAfter}"));
                }
            }

            events.Raise($"written {request.Hold}");
            await StayAsync(request.Hold);
            if (request.Hold.Length > 0)
            {
                await Task.Delay(Timeout.Infinite, context.CancellationToken);
            }
        }
        finally
        {
            events.Raise($"left {request.Hold}", context.CancellationToken.IsCancellationRequested ? "cancelled" : "ended");
        }
    }

    public override async Task Chat(
        IAsyncStreamReader<Words> requestStream,
        IServerStreamWriter<Words> responseStream,
        ServerCallContext context)
    {
        while (await requestStream.MoveNext(context.CancellationToken))
        {
            await responseStream.WriteAsync(new Words { Text = requestStream.Current.Text.ToUpperInvariant() });
        }
    }

    public override async Task<Words> Wait(Words request, ServerCallContext context)
    {
        events.Raise($"waiting {request.Text}");
        await StayAsync(request.Text);
        try
        {
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
        }
        finally
        {
            events.Raise($"left {request.Text}", context.CancellationToken.IsCancellationRequested ? "cancelled" : "ended");
        }

        return request;
    }

    public override Task<CallFacts> Describe(Words request, ServerCallContext context) => Task.FromResult(new CallFacts
    {
        Method = context.Method,
        Host = context.Host,
        Peer = context.Peer,
        DeadlineMs = context.Deadline == DateTime.MaxValue ? -1 : (long)(context.Deadline - DateTime.UtcNow).TotalMilliseconds,
        GrpcEncoding = context.GetHttpContext().Request.Headers["grpc-encoding"].ToString(),
        Path = context.GetHttpContext().Request.Path,
        Authorization = context.RequestHeaders.GetValue("authorization") ?? "",
    });

    /// <summary>A handler that is called stubborn stays until it is told to go, whatever becomes of its call.</summary>
    private Task StayAsync(string name) => name.StartsWith("stubborn", StringComparison.Ordinal) ? events.WaitAsync($"go {name}") : Task.CompletedTask;

    private static Google.Rpc.Status Rich(Failure request) => new()
    {
        Code = request.Code,
        Message = request.Detail,
        Details =
        {
            Any.Pack(new BadRequest { FieldViolations = { new BadRequest.Types.FieldViolation { Field = "text", Description = "too long" } } }),
            Any.Pack(new RetryInfo { RetryDelay = Duration.FromTimeSpan(TimeSpan.FromSeconds(3)) }),
        },
    };
}
