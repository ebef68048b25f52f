using System.IO.Compression;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using OrleansLM.Polyfills.Tests.Grpc.Trials;

namespace OrleansLM.Polyfills.Tests.Grpc;

public sealed class CompressionTests(TrialFixture trial) : IClassFixture<TrialFixture>
{
    private static readonly Words s_words = new() { Text = new string('a', 50_000) };

    [Fact]
    public async Task Client_may_compress_its_requests()
    {
        var headers = new Metadata { { "grpc-internal-encoding-request", "gzip" } };

        Assert.Equal("gzip", (await trial.Client.DescribeAsync(s_words, headers)).GrpcEncoding);
        Assert.Equal(s_words, await trial.Client.EchoAsync(s_words, headers));
    }

    [Fact]
    public async Task Requests_are_plain_unless_asked_for() =>
        Assert.Equal("", (await trial.Client.DescribeAsync(s_words)).GrpcEncoding.Replace("identity", "", StringComparison.Ordinal));

    [Fact]
    public async Task Compressed_streams_work_both_ways()
    {
        await using TrialServer server = await TrialServer.StartAsync(options => options.ResponseCompressionAlgorithm = "gzip");
        using GrpcChannel channel = server.Connect();
        using AsyncDuplexStreamingCall<Words, Words> call = new Trial.TrialClient(channel)
            .Chat(new Metadata { { "grpc-internal-encoding-request", "gzip" } });
        for (int i = 0; i < 3; i++)
        {
            await call.RequestStream.WriteAsync(s_words);
            Assert.True(await call.ResponseStream.MoveNext());
            Assert.Equal(50_000, call.ResponseStream.Current.Text.Length);
        }

        await call.RequestStream.CompleteAsync();
        Assert.False(await call.ResponseStream.MoveNext());
    }

    [Fact]
    public async Task Server_compresses_for_those_who_accept_it()
    {
        await using TrialServer server = await TrialServer.StartAsync(options =>
        {
            options.ResponseCompressionAlgorithm = "gzip";
            options.ResponseCompressionLevel = CompressionLevel.SmallestSize;
        });
        using var raw = new RawClient(server.Address);
        RawResponse compressed = await raw.PostAsync("Echo", Frames.Of(s_words), ("grpc-accept-encoding", "identity,gzip"));
        RawResponse plain = await raw.PostAsync("Echo", Frames.Of(s_words));

        Assert.Equal("gzip", compressed.Headers["grpc-encoding"]);
        Assert.Equal(1, compressed.Body[0]);
        Assert.True(compressed.Body.Length < 1000);
        Assert.Equal(s_words, Words.Parser.ParseFrom(Gunzip(compressed.Body.AsSpan(5).ToArray())));
        Assert.Equal(s_words, Frames.Single(plain.Body, Words.Parser));
    }

    [Fact]
    public async Task Empty_messages_survive_compression()
    {
        await using TrialServer server = await TrialServer.StartAsync(options => options.ResponseCompressionAlgorithm = "gzip");
        using GrpcChannel channel = server.Connect();
        var headers = new Metadata { { "grpc-internal-encoding-request", "gzip" } };

        Assert.Equal(new Words(), await new Trial.TrialClient(channel).EchoAsync(new Words(), headers));
    }

    [StandInFact("the message is marked as compressed, without the bytes that gzip needs, and other clients refuse it")]
    public async Task Empty_message_is_sent_plain()
    {
        await using TrialServer server = await TrialServer.StartAsync(options => options.ResponseCompressionAlgorithm = "gzip");
        using var raw = new RawClient(server.Address);
        RawResponse response = await raw.PostAsync("Echo", Frames.Of(new Words()), ("grpc-accept-encoding", "gzip"));

        Assert.Equal(new byte[5], response.Body);
    }

    [Fact]
    public async Task Response_stays_plain_unless_configured()
    {
        using var raw = new RawClient(trial.Server.Address);
        RawResponse response = await raw.PostAsync("Echo", Frames.Of(s_words), ("grpc-accept-encoding", "identity,gzip"));

        Assert.Equal(s_words, Frames.Single(response.Body, Words.Parser));
    }

    [Fact]
    public async Task Server_reads_gzip_made_by_others()
    {
        using var raw = new RawClient(trial.Server.Address);
        RawResponse response = await raw.PostAsync("Echo", Frames.Of(1, Gzip(s_words.ToByteArray())), ("grpc-encoding", "gzip"));

        Assert.Equal("0", response.GrpcStatus);
        Assert.Equal(s_words, Frames.Single(response.Body, Words.Parser));
    }

    [Fact]
    public async Task Flag_decides_for_each_message()
    {
        using var raw = new RawClient(trial.Server.Address);
        RawResponse response = await raw.PostAsync("Echo", Frames.Of(s_words), ("grpc-encoding", "gzip"));

        Assert.Equal("0", response.GrpcStatus);
    }

    [Fact]
    public async Task Unknown_encoding_is_unimplemented()
    {
        using var raw = new RawClient(trial.Server.Address);
        RawResponse response = await raw.PostAsync("Echo", Frames.Of(1, [1, 2, 3]), ("grpc-encoding", "smaller"));

        Assert.Equal("12", response.GrpcStatus);
        Assert.Contains("smaller", response.GrpcMessage, StringComparison.Ordinal);
        Assert.Contains("gzip", response.Headers["grpc-accept-encoding"], StringComparison.Ordinal);
    }

    /// <summary>A few hundred kilobytes that would become 100 MB.</summary>
    [StandInFact("the status is UNKNOWN")]
    public async Task Limit_holds_for_the_decompressed_message()
    {
        using var raw = new RawClient(trial.Server.Address);
        byte[] bomb = Gzip(new byte[100_000_000]);
        RawResponse response = await raw.PostAsync("Echo", Frames.Of(1, bomb), ("grpc-encoding", "gzip"));

        Assert.True(bomb.Length < 4_000_000);
        Assert.Equal("8", response.GrpcStatus);
    }

    [Fact]
    public async Task Algorithm_without_provider_is_refused_at_start() =>
        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            TrialServer.StartAsync(options => options.ResponseCompressionAlgorithm = "smaller"));

    private static byte[] Gzip(byte[] plain)
    {
        using var target = new MemoryStream();
        using (var gzip = new GZipStream(target, CompressionLevel.Fastest))
        {
            gzip.Write(plain);
        }

        return target.ToArray();
    }

    private static byte[] Gunzip(byte[] compressed)
    {
        using var gzip = new GZipStream(new MemoryStream(compressed), CompressionMode.Decompress);
        using var target = new MemoryStream();
        gzip.CopyTo(target);
        return target.ToArray();
    }
}
