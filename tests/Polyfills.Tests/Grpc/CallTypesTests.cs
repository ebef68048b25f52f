using Google.Protobuf;
using Grpc.Core;
using OrleansLM.Polyfills.Tests.Grpc.Trials;

namespace OrleansLM.Polyfills.Tests.Grpc;

public sealed class CallTypesTests(TrialFixture trial) : IClassFixture<TrialFixture>
{
    [Fact]
    public async Task Unary_call_returns_the_response()
    {
        Words reply = await trial.Client.EchoAsync(new Words { Text = "hallo ☃", Payload = ByteString.CopyFrom(0, 1, 255) });

        Assert.Equal("hallo ☃", reply.Text);
        Assert.Equal(new byte[] { 0, 1, 255 }, reply.Payload);
    }

    [Fact]
    public void Blocking_unary_call_returns_the_response() =>
        Assert.Equal("now", trial.Client.Echo(new Words { Text = "now" }).Text);

    [Fact]
    public async Task Empty_message_is_a_message() =>
        Assert.Equal(new Words(), await trial.Client.EchoAsync(new Words()));

    [Theory]
    [InlineData(100)]
    [InlineData(16_384)]
    [InlineData(3_500_000)]
    public async Task Message_of_any_size_below_the_limit_arrives_whole(int size)
    {
        byte[] payload = new byte[size];
        new Random(size).NextBytes(payload);

        Words reply = await trial.Client.EchoAsync(new Words { Payload = ByteString.CopyFrom(payload) });

        Assert.True(payload.AsSpan().SequenceEqual(reply.Payload.Span));
    }

    [Fact]
    public async Task Client_stream_is_summed_after_half_close()
    {
        using AsyncClientStreamingCall<Number, Number> call = trial.Client.Sum();
        for (int i = 1; i <= 100; i++)
        {
            await call.RequestStream.WriteAsync(new Number { Value = i });
        }

        await call.RequestStream.CompleteAsync();

        Assert.Equal(5050, (await call).Value);
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task Client_stream_without_messages_has_a_response()
    {
        using AsyncClientStreamingCall<Number, Number> call = trial.Client.Sum();
        await call.RequestStream.CompleteAsync();

        Assert.Equal(0, (await call.ResponseAsync).Value);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5000)]
    public async Task Server_stream_arrives_in_order(int count)
    {
        using AsyncServerStreamingCall<Number> call = trial.Client.Count(new CountRequest { Count = count });
        long next = 0;
        await foreach (Number number in call.ResponseStream.ReadAllAsync())
        {
            Assert.Equal(next++, number.Value);
        }

        Assert.Equal(count, next);
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
        Assert.False(await call.ResponseStream.MoveNext());
    }

    [Fact]
    public async Task Server_stream_may_fail_after_messages()
    {
        using AsyncServerStreamingCall<Number> call = trial.Client.Count(new CountRequest { Count = 9, FailAfter = 3 });
        var seen = new List<long>();
        RpcException failure = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            await foreach (Number number in call.ResponseStream.ReadAllAsync())
            {
                seen.Add(number.Value);
            }
        });

        Assert.Equal([0, 1, 2], seen);
        Assert.Equal(StatusCode.DataLoss, failure.StatusCode);
        Assert.Equal("after 3", failure.Status.Detail);
        Assert.Equal(StatusCode.DataLoss, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task Duplex_call_answers_each_message_before_the_next_is_sent()
    {
        using AsyncDuplexStreamingCall<Words, Words> call = trial.Client.Chat();
        foreach (string text in new[] { "a", "b", "c" })
        {
            await call.RequestStream.WriteAsync(new Words { Text = text });
            Assert.True(await call.ResponseStream.MoveNext());
            Assert.Equal(text.ToUpperInvariant(), call.ResponseStream.Current.Text);
        }

        await call.RequestStream.CompleteAsync();
        Assert.False(await call.ResponseStream.MoveNext());
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task Duplex_headers_arrive_before_the_first_message()
    {
        using AsyncDuplexStreamingCall<Words, Words> call = trial.Client.Chat();
        await call.RequestStream.WriteAsync(new Words { Text = "x" });
        Assert.NotNull(await call.ResponseHeadersAsync);
        await call.RequestStream.CompleteAsync();
        Assert.True(await call.ResponseStream.MoveNext());
    }

    [Fact]
    public async Task Buffered_writes_leave_with_the_next_flush()
    {
        using AsyncDuplexStreamingCall<Words, Words> call = trial.Client.Chat();
        call.RequestStream.WriteOptions = new WriteOptions(WriteFlags.BufferHint);
        await call.RequestStream.WriteAsync(new Words { Text = "one" });
        call.RequestStream.WriteOptions = null;
        await call.RequestStream.WriteAsync(new Words { Text = "two" });
        Assert.True(await call.ResponseStream.MoveNext());
        Assert.Equal("ONE", call.ResponseStream.Current.Text);
        Assert.True(await call.ResponseStream.MoveNext());
        Assert.Equal("TWO", call.ResponseStream.Current.Text);
        await call.RequestStream.CompleteAsync();
    }

    [Fact]
    public async Task Hundreds_of_calls_at_once_keep_their_own_messages()
    {
        IEnumerable<Task<bool>> calls = Enumerable.Range(0, 300).Select(async i =>
        {
            string text = $"call {i}";
            if (i % 3 != 0)
            {
                return (await trial.Client.EchoAsync(new Words { Text = text })).Text == text;
            }

            using AsyncDuplexStreamingCall<Words, Words> call = trial.Client.Chat();
            await call.RequestStream.WriteAsync(new Words { Text = text });
            bool answered = await call.ResponseStream.MoveNext();
            await call.RequestStream.CompleteAsync();
            return answered && call.ResponseStream.Current.Equals(new Words { Text = text.ToUpperInvariant() });
        });

        Assert.All(await Task.WhenAll(calls), Assert.True);
    }

    [Fact]
    public async Task Second_write_while_one_is_in_progress_is_refused()
    {
        using AsyncDuplexStreamingCall<Words, Words> call = trial.Client.Chat();
        var big = new Words { Payload = ByteString.CopyFrom(new byte[3_000_000]) };
        Task first = call.RequestStream.WriteAsync(big);
        Task second = Assert.ThrowsAsync<InvalidOperationException>(() => call.RequestStream.WriteAsync(big));
        await first;
        await second;
    }

    [Fact]
    public async Task Status_and_trailers_are_not_there_before_the_end()
    {
        using AsyncDuplexStreamingCall<Words, Words> call = trial.Client.Chat();
        Assert.Throws<InvalidOperationException>(() => call.GetStatus());
        Assert.Throws<InvalidOperationException>(() => call.GetTrailers());
        await call.RequestStream.CompleteAsync();
        Assert.False(await call.ResponseStream.MoveNext());
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
        Assert.NotNull(call.GetTrailers());
    }

    [Fact]
    public async Task Write_after_completion_is_refused()
    {
        using AsyncClientStreamingCall<Number, Number> call = trial.Client.Sum();
        await call.RequestStream.CompleteAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(() => call.RequestStream.WriteAsync(new Number()));
    }
}
