using Grpc.Core;
using OrleansLM.Polyfills.Tests.Grpc.Trials;

namespace OrleansLM.Polyfills.Tests.Grpc;

public sealed class DeadlineTests(TrialFixture trial) : IClassFixture<TrialFixture>
{
    [Fact]
    public async Task Call_past_its_deadline_ends_on_both_sides()
    {
        RpcException failure = await Assert.ThrowsAsync<RpcException>(async () =>
            await trial.Client.WaitAsync(new Words { Text = "deadline" }, deadline: DateTime.UtcNow.AddSeconds(4)));

        Assert.Equal(StatusCode.DeadlineExceeded, failure.StatusCode);
        Assert.Equal("cancelled", await trial.Server.Events.WaitAsync("left deadline"));
    }

    [Fact]
    public async Task Deadline_in_the_past_ends_the_call_at_once()
    {
        RpcException failure = await Assert.ThrowsAsync<RpcException>(async () =>
            await trial.Client.WaitAsync(new Words { Text = "past" }, deadline: DateTime.UtcNow.AddSeconds(-1)));

        Assert.Equal(StatusCode.DeadlineExceeded, failure.StatusCode);
    }

    [Fact]
    public async Task Deadline_ends_a_stream_that_is_being_read()
    {
        using AsyncServerStreamingCall<Number> call = trial.Client.Count(
            new CountRequest { Count = 2, Hold = "stream deadline" }, deadline: DateTime.UtcNow.AddSeconds(6));
        int read = 0;
        RpcException failure = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await call.ResponseStream.MoveNext())
            {
                read++;
            }
        });

        Assert.Equal(2, read);
        Assert.Equal(StatusCode.DeadlineExceeded, failure.StatusCode);
        Assert.Equal("cancelled", await trial.Server.Events.WaitAsync("left stream deadline"));
    }

    [Fact]
    public async Task Deadline_ends_a_request_stream_that_rests()
    {
        using AsyncClientStreamingCall<Number, Number> call = trial.Client.Sum(deadline: DateTime.UtcNow.AddMilliseconds(300));
        RpcException failure = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);

        Assert.Equal(StatusCode.DeadlineExceeded, failure.StatusCode);
        Assert.Equal(StatusCode.DeadlineExceeded, (await Assert.ThrowsAsync<RpcException>(() => call.RequestStream.WriteAsync(new Number()))).StatusCode);
    }

    /// <summary>This client sends a timeout and does not watch the clock itself. Long enough that the handler has begun: one that never began leaves no trace.</summary>
    [Theory]
    [InlineData("4000m")]
    [InlineData("4000000u")]
    public async Task Server_keeps_the_deadline_by_itself(string timeout)
    {
        using var raw = new RawClient(trial.Server.Address);
        RawResponse response = await raw.PostAsync("Wait", Frames.Of(new Words { Text = timeout }), ("grpc-timeout", timeout));

        Assert.Equal("4", response.GrpcStatus);
        Assert.Equal("cancelled", await trial.Server.Events.WaitAsync($"left {timeout}"));
    }

    /// <summary>The caller is told though the handler still runs; what the handler does then goes nowhere and harms nobody.</summary>
    [Theory]
    [InlineData("Wait", 0)]
    [InlineData("Count", 2)]
    public async Task Deadline_cuts_off_a_handler_that_pays_no_heed(string method, int messages)
    {
        string name = $"stubborn {method}";
        byte[] request = method == "Wait" ? Frames.Of(new Words { Text = name }) : Frames.Of(new CountRequest { Count = messages, Hold = name });
        using var raw = new RawClient(trial.Server.Address);
        RawResponse response = await raw.PostAsync(method, request, ("grpc-timeout", "4S"));

        Assert.Equal("4", response.GrpcStatus);
        Assert.False(trial.Server.Events.Happened($"left {name}"));
        trial.Server.Events.Raise($"go {name}");
        Assert.Equal("cancelled", await trial.Server.Events.WaitAsync($"left {name}"));
        Assert.Equal("still here", (await trial.Client.EchoAsync(new Words { Text = "still here" })).Text);
    }

    /// <summary>Nanoseconds reach a tenth of a second at most, in which a handler may not have begun.</summary>
    [Fact]
    public async Task Nanoseconds_are_a_deadline()
    {
        using var raw = new RawClient(trial.Server.Address);
        RawResponse response = await raw.PostAsync("Wait", Frames.Of(new Words { Text = "nanoseconds" }), ("grpc-timeout", "99999999n"));

        Assert.Equal("4", response.GrpcStatus);
    }

    [Theory]
    [InlineData("soon")]
    [InlineData("10")]
    [InlineData("-1S")]
    public async Task Unreadable_timeout_is_no_deadline(string timeout)
    {
        using var raw = new RawClient(trial.Server.Address);
        RawResponse response = await raw.PostAsync("Describe", Frames.Of(new Words()), ("grpc-timeout", timeout));

        Assert.Equal("0", response.GrpcStatus);
        Assert.Equal(-1, Frames.Single(response.Body, CallFacts.Parser).DeadlineMs);
    }

    [Theory]
    [InlineData("2H", 7_200_000)]
    [InlineData("3M", 180_000)]
    [InlineData("90S", 90_000)]
    public async Task Units_of_the_timeout_are_known(string timeout, long milliseconds)
    {
        using var raw = new RawClient(trial.Server.Address);
        RawResponse response = await raw.PostAsync("Describe", Frames.Of(new Words()), ("grpc-timeout", timeout));

        Assert.InRange(Frames.Single(response.Body, CallFacts.Parser).DeadlineMs, milliseconds - 60_000, milliseconds);
    }
}
