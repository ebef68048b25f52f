using Grpc.Core;
using OrleansLM.Polyfills.Tests.Grpc.Trials;

namespace OrleansLM.Polyfills.Tests.Grpc;

public sealed class BackPressureTests(TrialFixture trial) : IClassFixture<TrialFixture>
{
    private const int Messages = 1000;
    private const int PayloadBytes = 64 * 1024;

    /// <summary>64 MB into a stream nobody reads: the server's writes must wait, and go on when the reader does.</summary>
    [Fact]
    public async Task Server_waits_for_a_slow_reader()
    {
        using AsyncServerStreamingCall<Number> call = trial.Client.Count(
            new CountRequest { Count = Messages, PayloadBytes = PayloadBytes, Hold = "slow reader" });
        Assert.True(await call.ResponseStream.MoveNext());
        for (int i = 0; i < 200; i++)
        {
            // Another call on the same connection is not held up by the full stream.
            await trial.Client.EchoAsync(new Words());
        }

        Assert.False(trial.Server.Events.Happened("written slow reader"));
        for (int i = 1; i < Messages; i++)
        {
            Assert.True(await call.ResponseStream.MoveNext());
            Assert.Equal(i, call.ResponseStream.Current.Value);
            Assert.Equal(PayloadBytes, call.ResponseStream.Current.Payload.Length);
        }

        await trial.Server.Events.WaitAsync("written slow reader");
    }

    /// <summary>A service that reads nothing: the client's writes must wait until the call is given up.</summary>
    [Fact]
    public async Task Client_waits_for_a_slow_server()
    {
        using AsyncDuplexStreamingCall<Words, Words> call = trial.Client.Chat();
        var large = new Words { Text = new string('x', PayloadBytes) };
        Task writing = WriteManyAsync(call.RequestStream, large);
        for (int i = 0; i < 100; i++)
        {
            await trial.Client.EchoAsync(new Words());
        }

        // Nobody reads the answers, so the service cannot write more of them, so it does not read on.
        Assert.False(writing.IsCompleted);
        call.Dispose();
        await Assert.ThrowsAsync<RpcException>(() => writing);
    }

    [Fact]
    public async Task Slow_reader_that_leaves_frees_the_server()
    {
        using (AsyncServerStreamingCall<Number> call = trial.Client.Count(
            new CountRequest { Count = Messages, PayloadBytes = PayloadBytes, Hold = "gone reader" }))
        {
            Assert.True(await call.ResponseStream.MoveNext());
        }

        Assert.Equal("cancelled", await trial.Server.Events.WaitAsync("left gone reader"));
    }

    private static async Task WriteManyAsync(IClientStreamWriter<Words> requests, Words message)
    {
        for (int i = 0; i < Messages; i++)
        {
            await requests.WriteAsync(message);
        }
    }
}
