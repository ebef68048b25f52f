namespace OrleansLM.Polyfills.Tests.Grpc.Node;

/// <summary>The server as the gRPC project's own client for Node.js finds it: each check is a function of conformance.mjs.</summary>
public sealed class NodeConformanceTests(NodeConformanceRun run) : IClassFixture<NodeConformanceRun>
{
    [NodeTheory]
    [InlineData("unary")]
    [InlineData("large_unary")]
    [InlineData("client_streaming")]
    [InlineData("server_streaming")]
    [InlineData("server_streaming_that_fails")]
    [InlineData("duplex_streaming")]
    [InlineData("many_calls_at_once")]
    [InlineData("deadline")]
    [InlineData("deadline_is_told_to_the_server")]
    [InlineData("cancel")]
    [InlineData("metadata_and_trailers")]
    [InlineData("every_status")]
    [InlineData("status_details")]
    [InlineData("unexpected_exception")]
    [InlineData("unimplemented")]
    [InlineData("gzip_request")]
    [InlineData("gzip_response")]
    [InlineData("request_over_the_servers_limit")]
    [InlineData("response_over_the_clients_limit")]
    [InlineData("keepalive_pings")]
    [InlineData("health")]
    [InlineData("reflection")]
    public void Check_passes(string check)
    {
        if (run.FailureOf(check) is { } failure)
        {
            Assert.Fail(failure);
        }
    }

    [NodeTheory]
    [InlineData("node cancel")]
    [InlineData("node deadline")]
    public async Task Server_learns_that_the_client_gave_up(string call) =>
        Assert.Equal("cancelled", await run.Server!.Events.WaitAsync($"left {call}"));
}
