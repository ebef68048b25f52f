using Grpc.Core;
using Grpc.Core.Interceptors;
using OrleansLM.Polyfills.Tests.Grpc.Trials;

namespace OrleansLM.Polyfills.Tests.Grpc;

public sealed class ClientInterceptorTests(TrialFixture trial) : IClassFixture<TrialFixture>
{
    [Fact]
    public async Task First_interceptor_sees_the_call_first()
    {
        var seen = new List<string>();
        CallInvoker invoker = trial.Channel.Intercept(new Recorder(seen, "a"), new Recorder(seen, "b"));
        var client = new Trial.TrialClient(invoker);

        Assert.Equal("t", (await client.EchoAsync(new Words { Text = "t" })).Text);
        Assert.Equal("t", client.Echo(new Words { Text = "t" }).Text);
        Assert.Equal(["a Echo", "b Echo", "a blocking Echo", "b blocking Echo"], seen);
    }

    [Fact]
    public async Task Streams_pass_interceptors_too()
    {
        var seen = new List<string>();
        var client = new Trial.TrialClient(trial.Channel.Intercept(new Recorder(seen, "a")));
        using AsyncServerStreamingCall<Number> count = client.Count(new CountRequest());
        Assert.False(await count.ResponseStream.MoveNext());
        using AsyncClientStreamingCall<Number, Number> sum = client.Sum();
        await sum.RequestStream.CompleteAsync();
        await sum;
        using AsyncDuplexStreamingCall<Words, Words> chat = client.Chat();
        await chat.RequestStream.CompleteAsync();
        Assert.False(await chat.ResponseStream.MoveNext());

        Assert.Equal(["a Count", "a Sum", "a Chat"], seen);
    }

    [Fact]
    public async Task Function_may_add_headers()
    {
        CallInvoker invoker = trial.Channel.Intercept(headers =>
        {
            headers.Add("authorization", "Bearer me");
            return headers;
        });

        Assert.Equal("Bearer me", (await new Trial.TrialClient(invoker).DescribeAsync(new Words())).Authorization);
    }

    private sealed class Recorder(List<string> seen, string name) : Interceptor
    {
        public override TResponse BlockingUnaryCall<TRequest, TResponse>(
            TRequest request,
            ClientInterceptorContext<TRequest, TResponse> context,
            BlockingUnaryCallContinuation<TRequest, TResponse> continuation)
        {
            seen.Add($"{name} blocking {context.Method.Name}");
            return continuation(request, context);
        }

        public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
            TRequest request,
            ClientInterceptorContext<TRequest, TResponse> context,
            AsyncUnaryCallContinuation<TRequest, TResponse> continuation)
        {
            seen.Add($"{name} {context.Method.Name}");
            return continuation(request, context);
        }

        public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
            TRequest request,
            ClientInterceptorContext<TRequest, TResponse> context,
            AsyncServerStreamingCallContinuation<TRequest, TResponse> continuation)
        {
            seen.Add($"{name} {context.Method.Name}");
            return continuation(request, context);
        }

        public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
            ClientInterceptorContext<TRequest, TResponse> context,
            AsyncClientStreamingCallContinuation<TRequest, TResponse> continuation)
        {
            seen.Add($"{name} {context.Method.Name}");
            return continuation(context);
        }

        public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
            ClientInterceptorContext<TRequest, TResponse> context,
            AsyncDuplexStreamingCallContinuation<TRequest, TResponse> continuation)
        {
            seen.Add($"{name} {context.Method.Name}");
            return continuation(context);
        }
    }
}
