using Grpc.AspNetCore.Server;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using OrleansLM.Polyfills.Tests.Grpc.Trials;

namespace OrleansLM.Polyfills.Tests.Grpc;

public sealed class ServerInterceptorTests : IAsyncLifetime
{
    private TrialServer _server = null!;
    private GrpcChannel _channel = null!;

    private Trial.TrialClient Client => new(_channel);

    public async Task InitializeAsync()
    {
        _server = await TrialServer.StartAsync(
            options => options.Interceptors.Add<StampInterceptor>("first"),
            grpc => grpc.AddServiceOptions<TrialService>(options => options.Interceptors.Add<StampInterceptor>("second")));
        _channel = _server.Connect();
    }

    public async Task DisposeAsync()
    {
        _channel.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Interceptors_stand_around_the_call_in_order()
    {
        using AsyncUnaryCall<Words> call = Client.EchoAsync(new Words());
        await call;

        Assert.Equal(["first in", "second in", "second out", "first out"], Stamps(call.GetTrailers()));
        await _server.Events.WaitAsync("disposed second");
        await _server.Events.WaitAsync("disposed first");
    }

    [Fact]
    public async Task Interceptor_may_refuse_a_call()
    {
        RpcException failure = await Assert.ThrowsAsync<RpcException>(async () =>
            await Client.EchoAsync(new Words(), new Metadata { { "refuse", "me" } }));

        Assert.Equal(StatusCode.Unauthenticated, failure.StatusCode);
        Assert.Equal("refused by interceptor", failure.Status.Detail);
    }

    [Fact]
    public async Task All_kinds_of_calls_pass_the_interceptors()
    {
        using AsyncClientStreamingCall<Number, Number> sum = Client.Sum();
        await sum.RequestStream.CompleteAsync();
        await sum;
        using AsyncServerStreamingCall<Number> count = Client.Count(new CountRequest { Count = 1 });
        await foreach (Number number in count.ResponseStream.ReadAllAsync())
        {
            Assert.Equal(0, number.Value);
        }

        using AsyncDuplexStreamingCall<Words, Words> chat = Client.Chat();
        await chat.RequestStream.CompleteAsync();
        Assert.False(await chat.ResponseStream.MoveNext());

        string[] both = ["first", "second"];
        Assert.Equal(both, Stamps(sum.GetTrailers()));
        Assert.Equal(both, Stamps(count.GetTrailers()));
        Assert.Equal(both, Stamps(chat.GetTrailers()));
    }

    [Fact]
    public void Only_interceptors_can_be_registered() =>
        Assert.ThrowsAny<ArgumentException>(() => new GrpcServiceOptions().Interceptors.Add(typeof(string)));

    private static IEnumerable<string> Stamps(Metadata trailers) => trailers.GetAll("stamp").Select(entry => entry.Value);
}
