using System.Collections.Concurrent;
using Google.Protobuf;
using OrleansLM.Cluster.Tests.Telemetry.Wire.Metrics;
using OrleansLM.Cluster.Tests.Telemetry.Wire.Traces;

namespace OrleansLM.Cluster.Tests.Telemetry;

/// <summary>What a collector was sent.</summary>
internal sealed class Reports
{
    private readonly ConcurrentQueue<ReceivedSpan> _spans = new();
    private readonly ConcurrentDictionary<string, Metric> _metrics = new();

    public IReadOnlyCollection<ReceivedSpan> Spans => _spans;

    /// <summary>The last report of each instrument.</summary>
    public IReadOnlyDictionary<string, Metric> Metrics => _metrics;

    public void Add(ExportTraceServiceRequest request)
    {
        foreach (var (scope, span) in request.ResourceSpans.SelectMany(resource => resource.ScopeSpans).SelectMany(scope => scope.Spans.Select(span => (scope.Scope.Name, span))))
        {
            var duration = TimeSpan.FromMicroseconds((span.EndTimeUnixNano - span.StartTimeUnixNano) / 1000.0);
            _spans.Enqueue(new ReceivedSpan(scope, span.Name, Hex(span.TraceId), Hex(span.SpanId), Hex(span.ParentSpanId), duration));
        }
    }

    public void Add(ExportMetricsServiceRequest request)
    {
        foreach (var metric in request.ResourceMetrics.SelectMany(resource => resource.ScopeMetrics).SelectMany(scope => scope.Metrics))
        {
            _metrics[metric.Name] = metric;
        }
    }

    private static string Hex(ByteString bytes) => Convert.ToHexStringLower(bytes.Span);
}
