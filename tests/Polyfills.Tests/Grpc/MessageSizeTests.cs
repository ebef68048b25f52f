using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using OrleansLM.Polyfills.Tests.Grpc.Trials;

namespace OrleansLM.Polyfills.Tests.Grpc;

public sealed class MessageSizeTests(TrialFixture trial) : IClassFixture<TrialFixture>
{
    private static readonly Words s_large = new() { Payload = ByteString.CopyFrom(new byte[5_000_000]) };

    [Fact]
    public async Task Server_refuses_requests_over_its_limit_of_4_mib()
    {
        Assert.Equal(StatusCode.ResourceExhausted, await EchoStatusAsync(trial.Channel, s_large));
        Assert.Equal(StatusCode.OK, await EchoStatusAsync(trial.Channel, new Words()));
    }

    [Fact]
    public async Task Server_refuses_to_send_over_its_limit()
    {
        await using TrialServer server = await TrialServer.StartAsync(options => options.MaxSendMessageSize = 1000);
        using GrpcChannel channel = server.Connect();

        Assert.Equal(StatusCode.ResourceExhausted, await EchoStatusAsync(channel, new Words { Payload = ByteString.CopyFrom(new byte[1001]) }));
        Assert.Equal(StatusCode.OK, await EchoStatusAsync(channel, new Words { Payload = ByteString.CopyFrom(new byte[900]) }));
    }

    [Fact]
    public async Task Limit_of_a_service_comes_before_that_of_the_server()
    {
        await using TrialServer server = await TrialServer.StartAsync(
            options => options.MaxReceiveMessageSize = 100,
            grpc => grpc.AddServiceOptions<TrialService>(options => options.MaxReceiveMessageSize = null));
        using GrpcChannel channel = server.Connect(options => options.MaxReceiveMessageSize = null);

        Assert.Equal(StatusCode.OK, await EchoStatusAsync(channel, s_large));
    }

    [Fact]
    public async Task Limit_of_the_server_holds_for_each_message_of_a_stream()
    {
        await using TrialServer server = await TrialServer.StartAsync(options => options.MaxReceiveMessageSize = 100);
        using GrpcChannel channel = server.Connect();
        using AsyncClientStreamingCall<Number, Number> call = new Trial.TrialClient(channel).Sum();
        await call.RequestStream.WriteAsync(new Number { Value = 1, Payload = ByteString.CopyFrom(new byte[50]) });
        await call.RequestStream.WriteAsync(new Number { Value = 1, Payload = ByteString.CopyFrom(new byte[50]) });
        await call.RequestStream.WriteAsync(new Number { Value = 1, Payload = ByteString.CopyFrom(new byte[101]) });

        Assert.Equal(StatusCode.ResourceExhausted, (await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync)).StatusCode);
    }

    [Fact]
    public async Task Client_refuses_to_send_over_its_limit()
    {
        using GrpcChannel channel = trial.Server.Connect(options => options.MaxSendMessageSize = 100);

        Assert.Equal(StatusCode.ResourceExhausted, await EchoStatusAsync(channel, new Words { Payload = ByteString.CopyFrom(new byte[101]) }));
        Assert.Equal(StatusCode.OK, await EchoStatusAsync(channel, new Words()));
    }

    [Fact]
    public async Task Client_refuses_to_write_over_its_limit_to_a_stream()
    {
        using GrpcChannel channel = trial.Server.Connect(options => options.MaxSendMessageSize = 100);
        using AsyncClientStreamingCall<Number, Number> call = new Trial.TrialClient(channel).Sum();
        RpcException failure = await Assert.ThrowsAsync<RpcException>(() =>
            call.RequestStream.WriteAsync(new Number { Payload = ByteString.CopyFrom(new byte[101]) }));

        Assert.Equal(StatusCode.ResourceExhausted, failure.StatusCode);
    }

    [Fact]
    public async Task Client_refuses_responses_over_its_limit()
    {
        using GrpcChannel channel = trial.Server.Connect(options => options.MaxReceiveMessageSize = 100);

        Assert.Equal(StatusCode.ResourceExhausted, await EchoStatusAsync(channel, new Words { Payload = ByteString.CopyFrom(new byte[101]) }));
        Assert.Equal(StatusCode.OK, await EchoStatusAsync(channel, new Words { Text = "small" }));
    }

    private static async Task<StatusCode> EchoStatusAsync(GrpcChannel channel, Words words)
    {
        try
        {
            await new Trial.TrialClient(channel).EchoAsync(words);
            return StatusCode.OK;
        }
        catch (RpcException failure)
        {
            return failure.StatusCode;
        }
    }
}
