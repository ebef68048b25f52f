using System.Net;
using Grpc.Core;
using OrleansLM.Polyfills.Tests.Grpc.Trials;

namespace OrleansLM.Polyfills.Tests.Grpc;

/// <summary>Whatever a peer sends, it gets a clean error and the server goes on serving.</summary>
public sealed class MalformedFrameTests(TrialFixture trial) : IClassFixture<TrialFixture>, IDisposable
{
    private const string Internal = "13";
    private const string ResourceExhausted = "8";

    private readonly RawClient _raw = new(trial.Server.Address);

    public void Dispose() => _raw.Dispose();

    [Fact]
    public async Task Well_formed_frame_is_answered()
    {
        RawResponse response = await _raw.PostAsync("Echo", Frames.Of(new Words { Text = "raw" }));

        Assert.Equal(200, response.HttpStatus);
        Assert.Equal("0", response.GrpcStatus);
        Assert.Equal("raw", Frames.Single(response.Body, Words.Parser).Text);
    }

    [StandInFact("the status is UNKNOWN")]
    public Task Flag_other_than_0_and_1_is_refused() => RefusedAsync(Frames.Of(7, [8, 1]), Internal);

    [Fact]
    public Task Compressed_message_without_encoding_is_refused() => RefusedAsync(Frames.Of(1, [1, 2, 3]), Internal);

    [Fact]
    public Task Body_that_ends_within_a_message_is_refused() => RefusedAsync(Frames.Of(0, 100, [8, 1]), Internal);

    [Fact]
    public Task Body_that_ends_within_the_prefix_is_refused() => RefusedAsync([0, 0, 0], Internal);

    [Fact]
    public Task Empty_body_is_refused_where_a_message_is_due() => RefusedAsync([], Internal);

    [Fact]
    public Task Two_messages_are_refused_where_one_is_due() =>
        RefusedAsync([.. Frames.Of(new Words()), .. Frames.Of(new Words())], Internal);

    [Fact]
    public Task Length_over_the_limit_is_refused_before_the_bytes_come() =>
        RefusedAsync(Frames.Of(0, 4 * 1024 * 1024 + 1, [8, 1]), ResourceExhausted);

    [StandInFact("the status is UNKNOWN")]
    public Task Largest_length_there_is_is_refused() => RefusedAsync(Frames.Of(0, uint.MaxValue, [8, 1]), ResourceExhausted);

    [Theory]
    [InlineData(0, new byte[] { 0xFF, 0xFF, 0xFF }, "identity")]
    [InlineData(1, new byte[] { 1, 2, 3 }, "gzip")]
    [InlineData(2, new byte[] { 8, 1 }, "identity")]
    [InlineData(255, new byte[0], "identity")]
    public async Task Bytes_that_are_no_message_are_an_error(byte flag, byte[] payload, string encoding)
    {
        RawResponse response = await _raw.PostAsync("Echo", Frames.Of(flag, payload), ("grpc-encoding", encoding));

        Assert.NotEqual("0", response.GrpcStatus);
        Assert.NotNull(response.GrpcStatus);
        await ServerLivesAsync();
    }

    [Fact]
    public async Task Malformed_message_in_the_middle_of_a_stream_ends_the_stream()
    {
        byte[] body = [.. Frames.Of(new Words { Text = "a" }), .. Frames.Of(0, 50, [1])];
        RawResponse response = await _raw.PostAsync("Chat", body);

        Assert.Equal(Internal, response.GrpcStatus);
        Assert.Equal("A", Frames.Single(response.Body, Words.Parser).Text);
        await ServerLivesAsync();
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/grpcx")]
    [InlineData("application/json")]
    public async Task Other_content_type_is_415(string contentType)
    {
        RawResponse response = await _raw.SendAsync(
            "Echo", new ByteArrayContent(Frames.Of(new Words())), HttpVersion.Version20, contentType);

        Assert.Equal(415, response.HttpStatus);
        await ServerLivesAsync();
    }

    [Fact]
    public async Task Missing_content_type_is_415()
    {
        RawResponse response = await _raw.SendAsync("Echo", new ByteArrayContent(Frames.Of(new Words())), HttpVersion.Version20, null);

        Assert.Equal(415, response.HttpStatus);
        await ServerLivesAsync();
    }

    [Theory]
    [InlineData("application/grpc+proto")]
    [InlineData("application/grpc;charset=utf-8")]
    public async Task Content_type_may_have_a_suffix(string contentType)
    {
        RawResponse response = await _raw.SendAsync(
            "Echo", new ByteArrayContent(Frames.Of(new Words())), HttpVersion.Version20, contentType);

        Assert.Equal("0", response.GrpcStatus);
    }

    [Fact]
    public async Task Header_that_is_not_base64_harms_only_its_own_call()
    {
        RawResponse response = await _raw.PostAsync("Echo", Frames.Of(new Words()), ("x-data-bin", "!!!"));

        Assert.NotEqual("0", response.GrpcStatus);
        await ServerLivesAsync();
    }

    private async Task RefusedAsync(byte[] body, string status)
    {
        RawResponse response = await _raw.PostAsync("Echo", body);

        Assert.Equal(200, response.HttpStatus);
        Assert.Equal(status, response.GrpcStatus);
        Assert.NotEmpty(response.GrpcMessage!);
        Assert.Empty(response.Body);
        await ServerLivesAsync();
    }

    private async Task ServerLivesAsync() =>
        Assert.Equal("alive", (await trial.Client.EchoAsync(new Words { Text = "alive" }, new CallOptions(deadline: DateTime.UtcNow.AddSeconds(20)))).Text);
}
