using Grpc.Core;
using OrleansLM.Polyfills.Tests.Grpc.Trials;

namespace OrleansLM.Polyfills.Tests.Grpc;

public sealed class MetadataTests(TrialFixture trial) : IClassFixture<TrialFixture>
{
    [Fact]
    public async Task Headers_and_trailers_make_the_round_trip()
    {
        byte[] bytes = [0, 1, 2, 250, 255];
        var sent = new Metadata { { "x-plain", "one, two" }, { "X-Upper", "v" }, { "x-data-bin", bytes }, { "y-end", "z" }, { "y-end-bin", bytes } };
        using AsyncUnaryCall<Words> call = trial.Client.EchoAsync(new Words(), sent);
        Metadata headers = await call.ResponseHeadersAsync;
        await call;

        Assert.Equal("one, two", headers.GetValue("x-plain"));
        Assert.Equal("v", headers.GetValue("x-upper"));
        Assert.Equal(bytes, headers.GetValueBytes("x-data-bin"));
        Assert.Equal("z", call.GetTrailers().GetValue("y-end"));
        Assert.Equal(bytes, call.GetTrailers().GetValueBytes("y-end-bin"));
        Assert.Null(call.GetTrailers().GetValue("x-plain"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4000)]
    public async Task Binary_values_of_any_length_survive(int length)
    {
        byte[] bytes = [.. Enumerable.Range(0, length).Select(i => (byte)(i * 7))];
        using AsyncUnaryCall<Words> call = trial.Client.EchoAsync(new Words(), new Metadata { { "y-b-bin", bytes } });
        await call;

        Assert.Equal(bytes, call.GetTrailers().GetValueBytes("y-b-bin"));
    }

    [StandInFact("an empty value is left out")]
    public async Task Empty_binary_values_survive()
    {
        using AsyncUnaryCall<Words> call = trial.Client.EchoAsync(new Words(), new Metadata { { "y-b-bin", [] } });
        await call;

        Assert.Empty(call.GetTrailers().GetValueBytes("y-b-bin")!);
    }

    /// <summary>HttpClient joins repeated headers with a comma, as proxies may.</summary>
    [StandInFact("joined binary headers are not taken apart, and the call fails with UNKNOWN")]
    public async Task Repeated_binary_keys_stay_apart()
    {
        var sent = new Metadata { { "y-b-bin", [1] }, { "y-b-bin", [2, 3] } };
        using AsyncUnaryCall<Words> call = trial.Client.EchoAsync(new Words(), sent);
        await call;

        Assert.Equal([[1], [2, 3]], call.GetTrailers().GetAll("y-b-bin").Select(entry => entry.ValueBytes));
    }

    [Fact]
    public async Task Server_knows_what_is_called_and_by_whom()
    {
        CallFacts facts = await trial.Client.DescribeAsync(new Words(), deadline: DateTime.UtcNow.AddSeconds(100));

        Assert.Equal("/polyfills.trial.Trial/Describe", facts.Method);
        Assert.Equal(facts.Method, facts.Path);
        Assert.Equal($"127.0.0.1:{trial.Server.Port}", facts.Host);
        Assert.StartsWith("ipv4:127.0.0.1:", facts.Peer, StringComparison.Ordinal);
        Assert.InRange(facts.DeadlineMs, 50_000, 100_000);
    }

    [Fact]
    public async Task Call_without_deadline_has_none() =>
        Assert.Equal(-1, (await trial.Client.DescribeAsync(new Words())).DeadlineMs);

    [Fact]
    public void Wrong_entries_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new Metadata.Entry("x-bin", "text"));
        Assert.Throws<ArgumentException>(() => new Metadata.Entry("x", new byte[1]));
        Assert.Throws<ArgumentException>(() => new Metadata.Entry("x y", "text"));
        Assert.Throws<InvalidOperationException>(() => new Metadata.Entry("x-bin", new byte[1]).Value);
        Assert.Throws<InvalidOperationException>(() => Metadata.Empty.Add("x", "y"));
    }

    [Fact]
    public void Metadata_is_a_list_with_the_last_value_winning()
    {
        var metadata = new Metadata { { "k", "1" }, { "K", "2" } };

        Assert.Equal(2, metadata.Count);
        Assert.Equal("2", metadata.GetValue("k"));
        Assert.Equal(["1", "2"], metadata.GetAll("K").Select(entry => entry.Value));
        Assert.True(metadata.Remove(metadata[0]));
        Assert.Equal("k", Assert.Single(metadata).Key);
    }
}
