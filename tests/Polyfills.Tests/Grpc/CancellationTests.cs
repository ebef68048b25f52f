using Grpc.Core;
using Grpc.Net.Client;
using OrleansLM.Polyfills.Tests.Grpc.Trials;

namespace OrleansLM.Polyfills.Tests.Grpc;

public sealed class CancellationTests(TrialFixture trial) : IClassFixture<TrialFixture>
{
    private TrialEvents Events => trial.Server.Events;

    [Fact]
    public async Task Cancelling_a_unary_call_reaches_the_server()
    {
        using var cancel = new CancellationTokenSource();
        using AsyncUnaryCall<Words> call = trial.Client.WaitAsync(new Words { Text = "unary" }, cancellationToken: cancel.Token);
        await Events.WaitAsync("waiting unary");
        await cancel.CancelAsync();

        RpcException failure = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);
        Assert.Equal(StatusCode.Cancelled, failure.StatusCode);
        Assert.Equal(StatusCode.Cancelled, call.GetStatus().StatusCode);
        Assert.Equal("cancelled", await Events.WaitAsync("left unary"));
    }

    [Fact]
    public async Task Disposing_a_stream_reaches_the_server()
    {
        using (AsyncServerStreamingCall<Number> call = trial.Client.Count(new CountRequest { Count = 1, Hold = "disposed" }))
        {
            Assert.True(await call.ResponseStream.MoveNext());
        }

        Assert.Equal("cancelled", await Events.WaitAsync("left disposed"));
    }

    [Fact]
    public async Task Cancelling_a_read_cancels_the_call()
    {
        using AsyncServerStreamingCall<Number> call = trial.Client.Count(new CountRequest { Count = 1, Hold = "read" });
        Assert.True(await call.ResponseStream.MoveNext());
        using var cancel = new CancellationTokenSource();
        Task<bool> read = call.ResponseStream.MoveNext(cancel.Token);
        await cancel.CancelAsync();

        RpcException failure = await Assert.ThrowsAsync<RpcException>(() => read);
        Assert.Equal(StatusCode.Cancelled, failure.StatusCode);
        Assert.Equal("cancelled", await Events.WaitAsync("left read"));
    }

    [Fact]
    public async Task Cancelled_before_it_starts_never_reaches_the_server()
    {
        RpcException failure = await Assert.ThrowsAsync<RpcException>(async () =>
            await trial.Client.WaitAsync(new Words { Text = "never" }, cancellationToken: new CancellationToken(canceled: true)));

        Assert.Equal(StatusCode.Cancelled, failure.StatusCode);
        Assert.False(Events.Happened("waiting never"));
    }

    [Fact]
    public async Task Cancelled_before_it_starts_a_stream_refuses_writes()
    {
        using AsyncDuplexStreamingCall<Words, Words> call = trial.Client.Chat(cancellationToken: new CancellationToken(canceled: true));
        RpcException failure = await Assert.ThrowsAsync<RpcException>(() => call.RequestStream.WriteAsync(new Words()));
        Assert.Equal(StatusCode.Cancelled, failure.StatusCode);
    }

    [Fact]
    public async Task Channel_may_throw_operation_canceled_instead()
    {
        using GrpcChannel channel = trial.Server.Connect(options => options.ThrowOperationCanceledOnCancellation = true);
        using var cancel = new CancellationTokenSource();
        using AsyncUnaryCall<Words> call = new Trial.TrialClient(channel).WaitAsync(new Words { Text = "oce" }, cancellationToken: cancel.Token);
        await Events.WaitAsync("waiting oce");
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.ResponseAsync);
    }

    [Fact]
    public async Task Closing_the_channel_ends_its_calls()
    {
        GrpcChannel channel = trial.Server.Connect();
        using AsyncUnaryCall<Words> call = new Trial.TrialClient(channel).WaitAsync(new Words { Text = "closed" });
        await Events.WaitAsync("waiting closed");
        channel.Dispose();

        Assert.Equal(StatusCode.Cancelled, (await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync)).StatusCode);
        Assert.Equal("cancelled", await Events.WaitAsync("left closed"));
        Assert.Throws<ObjectDisposedException>(() => channel.CreateCallInvoker());
    }

    [Fact]
    public async Task Client_that_hangs_up_cancels_its_calls()
    {
        using (var raw = new RawClient(trial.Server.Address))
        {
            _ = raw.PostAsync("Wait", Frames.Of(new Words { Text = "hung up" }));
            await Events.WaitAsync("waiting hung up");
        }

        Assert.Equal("cancelled", await Events.WaitAsync("left hung up"));
    }

    [Fact]
    public async Task Disposed_call_takes_no_more_messages()
    {
        using AsyncClientStreamingCall<Number, Number> call = trial.Client.Sum();
        await call.RequestStream.WriteAsync(new Number { Value = 2 });
        call.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => call.RequestStream.WriteAsync(new Number { Value = 3 }));
        Assert.Equal("still here", (await trial.Client.EchoAsync(new Words { Text = "still here" })).Text);
    }
}
