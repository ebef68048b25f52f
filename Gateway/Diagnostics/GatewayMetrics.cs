using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace OrleansLM.Gateway.Diagnostics;

/// <summary>Instruments and activities of the gateway.</summary>
public sealed class GatewayMetrics
{
    public const string Name = "OrleansLM.Gateway";

    private readonly UpDownCounter<int> _openStreams;
    private readonly Counter<long> _tokensOut;
    private readonly Histogram<double> _firstToken;
    private readonly Histogram<double> _betweenTokens;
    private readonly Histogram<double> _failover;

    public GatewayMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(Name);
        _openStreams = meter.CreateUpDownCounter<int>("orleanslm.gateway.streams", "{stream}", "Streams open now.");
        _tokensOut = meter.CreateCounter<long>("orleanslm.gateway.tokens", "{token}", "Tokens written to clients.");
        _firstToken = meter.CreateHistogram<double>("orleanslm.gateway.time_to_first_token", "s", "From a call's arrival to its first token on the wire.");
        _betweenTokens = meter.CreateHistogram<double>("orleanslm.gateway.inter_token_latency", "s", "Between two tokens of one stream on the wire.");
        _failover = meter.CreateHistogram<double>("orleanslm.gateway.failover.duration", "s", "From the loss of a stream's silo to the next event from the one that took over.");
    }

    public void FailedOver(TimeSpan pause) => _failover.Record(pause.TotalSeconds);

    /// <summary>Spans of calls beside those that ASP.NET makes.</summary>
    public static ActivitySource Activities { get; } = new(Name);

    public StreamMeasure StartStream(TimeProvider time)
    {
        _openStreams.Add(1);
        return new StreamMeasure(this, time);
    }

    /// <summary>Follows one stream; disposed at its end.</summary>
    public sealed class StreamMeasure(GatewayMetrics owner, TimeProvider time) : IDisposable
    {
        private long _last = time.GetTimestamp();
        private bool _any;

        public void TokenWritten()
        {
            var now = time.GetTimestamp();
            (_any ? owner._betweenTokens : owner._firstToken).Record(time.GetElapsedTime(_last, now).TotalSeconds);
            owner._tokensOut.Add(1);
            _last = now;
            _any = true;
        }

        public void Dispose() => owner._openStreams.Add(-1);
    }
}
