using System.Net;
using System.Net.Sockets;
using Grpc.Core;
using OrleansLM.Cluster.Tests.Processes;
using OrleansLM.Cluster.Tests.Telemetry.Wire.Metrics;
using OrleansLM.Contracts.V1;

namespace OrleansLM.Cluster.Tests.Telemetry;

/// <summary>What <c>up --otlp</c> tells a collector.</summary>
public sealed class ExportTests
{
    private const string HttpSpan = "Microsoft.AspNetCore.Hosting.HttpRequestIn";
    private const string ClientTrace = "0af7651916cd43dd8448eb211c80319c";
    private const string ClientSpan = "b7ad6b7169203331";
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task A_turn_is_one_trace_from_the_client_to_the_engine_and_the_metrics_arrive()
    {
        await using var collector = await Collector.StartAsync();
        Dictionary<string, string> often = new() { ["OTEL_METRIC_EXPORT_INTERVAL"] = "300", ["OTEL_BSP_SCHEDULE_DELAY"] = "100" };
        await using var server = await ServerProcess.StartAsync(often, "--state-mib", "64", "--otlp", collector.Address);
        var session = await server.Sessions.CreateAsync(new CreateSessionRequest { SessionId = "traced" });
        var request = new GenerateRequest { SessionId = session.SessionId, Input = new Input { Text = "It was a fine morning" }, Stop = new StopConditions { MaxTokens = 12, IgnoreEos = true } };
        using (var call = server.Sessions.Generate(request, new Metadata { { "traceparent", $"00-{ClientTrace}-{ClientSpan}-01" } }))
        {
            Assert.Equal(12, (await ReceivedTurn.ReadAsync(call)).Tokens.Count);
        }

        AssertTrace(await SpansAsync(collector.Reports, HttpSpan, "turn", "engine.turn", "session.run_turn"));
        await AssertMetricsAsync(collector.Reports);
    }

    /// <summary>It accepts connections, says nothing, and would be waited for ten minutes.</summary>
    [Fact]
    public async Task A_collector_that_does_not_answer_does_not_hold_up_a_stop()
    {
        using var deaf = new TcpListener(IPAddress.Loopback, 0);
        deaf.Start();
        Dictionary<string, string> patient = new() { ["OTEL_EXPORTER_OTLP_TIMEOUT"] = "600000", ["OTEL_METRIC_EXPORT_INTERVAL"] = "300", ["OTEL_BSP_SCHEDULE_DELAY"] = "100" };
        await using var server = await ServerProcess.StartAsync(patient, "--state-mib", "64", "--otlp", $"http://{deaf.LocalEndpoint}");
        await server.Sessions.CreateAsync(new CreateSessionRequest { SessionId = "unseen" });
        using var connected = await deaf.AcceptTcpClientAsync().WaitAsync(s_patience);
        Assert.Equal(0, await server.StopAsync(s_patience));
    }

    private static void AssertTrace(Dictionary<string, ReceivedSpan> spans)
    {
        string[] line = [HttpSpan, "orleanslm.v1.Sessions/Generate", "session.run_turn", "engine.turn", "engine.decode"];
        Assert.Equal(ClientSpan, spans[line[0]].Parent);
        foreach (var (parent, child) in line.Zip(line.Skip(1)))
        {
            Assert.True(spans[parent].Id == spans[child].Parent, $"the parent of {child} is not {parent}");
        }

        Assert.Equal(spans["session.run_turn"].Id, spans["turn"].Parent);
        Assert.Equal(spans["engine.turn"].Id, spans["engine.prefill"].Parent);
        Assert.Equal(["OrleansLM.Gateway", "OrleansLM.Silo", "OrleansLM.Engine"], new[] { spans[line[1]].Source, spans[line[2]].Source, spans[line[3]].Source });
        Assert.True(spans["engine.decode"].Duration > TimeSpan.Zero && spans["engine.decode"].Duration <= spans["engine.turn"].Duration);
    }

    /// <summary>The client's trace by span name, once the named ones have come.</summary>
    private static async Task<Dictionary<string, ReceivedSpan>> SpansAsync(Reports reports, params string[] wanted)
    {
        await WaitAsync(() => wanted.All(name => reports.Spans.Any(span => span.Trace == ClientTrace && span.Name == name)), () => Shown(reports));
        return reports.Spans.Where(span => span.Trace == ClientTrace).GroupBy(span => span.Name).ToDictionary(group => group.Key, group => group.First());
    }

    private static async Task AssertMetricsAsync(Reports reports)
    {
        await WaitAsync(() => Value(reports, "orleanslm.tokens.output") == 12 && Value(reports, "orleanslm.engine.tokens.generated") == 12, () => Shown(reports));
        await WaitAsync(() => Value(reports, "orleanslm.turns.ended") == 1 && Value(reports, "orleanslm.gateway.tokens") == 12, () => Shown(reports));
        foreach (var histogram in new[] { "orleanslm.engine.inter_token_latency", "orleanslm.gateway.inter_token_latency" })
        {
            Assert.Equal((11UL, "s"), (Count(reports, histogram), reports.Metrics[histogram].Unit));
        }

        foreach (var histogram in new[] { "orleanslm.engine.time_to_first_token", "orleanslm.gateway.time_to_first_token", "orleanslm.engine.queue_time", "orleanslm.engine.prefill.chunk" })
        {
            Assert.Equal(1UL, Count(reports, histogram));
        }

        foreach (var name in new[] { "orleanslm.engine.step.sequences", "orleanslm.engine.step.rows", "orleanslm.engine.pages.used", "orleanslm.engine.pages.total", "orleanslm.sessions.active", "orleanslm.tokens.input" })
        {
            Assert.True(reports.Metrics.ContainsKey(name), $"{name} did not arrive; {Shown(reports)}");
        }
    }

    private static double Value(Reports reports, string name) => reports.Metrics.TryGetValue(name, out var metric)
        ? (metric.Sum?.DataPoints ?? metric.Gauge.DataPoints).Sum(point => point.ValueCase == NumberPoint.ValueOneofCase.AsInt ? point.AsInt : point.AsDouble)
        : double.NaN;

    private static ulong Count(Reports reports, string name) =>
        reports.Metrics.TryGetValue(name, out var metric) ? metric.Histogram.DataPoints.Aggregate(0UL, (sum, point) => sum + point.Count) : 0;

    private static async Task WaitAsync(Func<bool> holds, Func<string> state)
    {
        using var over = new CancellationTokenSource(s_patience);
        while (!holds())
        {
            Assert.False(over.IsCancellationRequested, state());
            await Task.Delay(50);
        }
    }

    private static string Shown(Reports reports) =>
        $"spans: {string.Join(", ", reports.Spans.Select(span => $"{span.Name} [{span.Trace}]"))}; metrics: {string.Join(", ", reports.Metrics.Keys)}";
}
