using System.Diagnostics;
using System.Diagnostics.Metrics;
using OrleansLM.Engine.Runtime.Loop;
using OrleansLM.Engine.Sampling;

namespace OrleansLM.Engine.Runtime.Diagnostics;

/// <summary>
/// Every instrument and activity of the engine: name, unit, description. Meter and activity source are both called <see cref="Name"/>. Recording
/// allocates nothing: tags are made once.
/// </summary>
public sealed class EngineInstruments : IDisposable
{
    /// <summary>Of the meter and of the activity source.</summary>
    public const string Name = "OrleansLM.Engine";

    private static readonly double[] LatencySeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];
    private static readonly long[] RowCounts = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192];

    private readonly Meter _meter;
    private readonly ActivitySource _activities = new(Name);
    private readonly KeyValuePair<string, object?>[] _reasons;
    private readonly KeyValuePair<string, object?> _failed = new("reason", "error");
    private readonly Counter<long> _turns;

    internal EngineInstruments(IMeterFactory? factory, string model, EngineCounters counters, int pagesTotal)
    {
        KeyValuePair<string, object?>[] tags = [new("model", model)];
        _meter = factory is null ? new Meter(Name, null, tags) : factory.Create(new MeterOptions(Name) { Tags = tags });
        _reasons = [.. Enum.GetValues<FinishReason>().Select(reason => new KeyValuePair<string, object?>("reason", reason.ToString().ToLowerInvariant()))];
        TimeToFirstToken = Seconds("orleanslm.engine.time_to_first_token", "From submission of a turn to its first generated token (TTFT).");
        InterTokenLatency = Seconds("orleanslm.engine.inter_token_latency", "Between one generated token of a turn and the next (ITL).");
        QueueTime = Seconds("orleanslm.engine.queue_time", "From submission of a turn to the first step that holds a row of it.");
        StepDuration = Seconds("orleanslm.engine.step.duration", "One step through all stages, sampling included.");
        StepRows = Rows("orleanslm.engine.step.rows", "{token}", "Rows of a step: decode rows and prefill chunks.");
        StepSequences = Rows("orleanslm.engine.step.sequences", "{sequence}", "Sequences of a step: the batch size.");
        PrefillChunk = Rows("orleanslm.engine.prefill.chunk", "{token}", "Rows that a prefill got in a step.");
        PrefilledTokens = _meter.CreateCounter<long>("orleanslm.engine.tokens.prefilled", "{token}", "Tokens computed by prefill, rebuilt state included.");
        ReusedTokens = _meter.CreateCounter<long>("orleanslm.engine.tokens.reused", "{token}", "Tokens of a turn's input whose state was found instead of computed.");
        GeneratedTokens = _meter.CreateCounter<long>("orleanslm.engine.tokens.generated", "{token}", "Tokens generated.");
        Evictions = _meter.CreateCounter<long>("orleanslm.engine.state.evictions", "{sequence}", "Times the state of an idle, paused or waiting sequence was dropped to make room.");
        Saves = _meter.CreateCounter<long>("orleanslm.engine.state.saves", "{sequence}", "Times the owner of an idle sequence was asked to save its state because memory is wanted.");
        Restored = _meter.CreateCounter<long>("orleanslm.engine.state.restored", "{token}", "Tokens of running turns whose state was lost with a stage and came back from where their sessions keep it.");
        Preemptions = _meter.CreateCounter<long>("orleanslm.engine.state.preemptions", "{turn}", "Times a running turn was sent back to wait because memory ran out.");
        Carried = _meter.CreateCounter<long>("orleanslm.engine.state.carried", "{page}", "Pages (or slots) that were taken along when stages were moved or the model was cut anew.");
        _turns = _meter.CreateCounter<long>("orleanslm.engine.turns", "{turn}", "Turns that ended, by reason.");
        _meter.CreateObservableGauge("orleanslm.engine.turns.running", () => Volatile.Read(ref counters.Running), "{turn}", "Turns that were admitted and are not over.");
        _meter.CreateObservableGauge("orleanslm.engine.turns.waiting", () => Math.Max(0, counters.OpenTurns - Volatile.Read(ref counters.Running)), "{turn}", "Turns that wait for a place or for memory.");
        _meter.CreateObservableGauge("orleanslm.engine.sequences", () => counters.Sequences, "{sequence}", "Sequences that exist, computed or not.");
        _meter.CreateObservableGauge("orleanslm.engine.pages.used", () => Volatile.Read(ref counters.PagesUsed), "{page}", "Pages (or slots) of the pool in use; shared ones count once.");
        _meter.CreateObservableGauge("orleanslm.engine.pages.cached", () => Volatile.Read(ref counters.PagesCached), "{page}", "Free pages that still hold the state of a beginning that may come again.");
        _meter.CreateObservableGauge("orleanslm.engine.pages.total", () => pagesTotal, "{page}", "Pages (or slots) of the pool.");
    }

    internal Histogram<double> TimeToFirstToken { get; }

    internal Histogram<double> InterTokenLatency { get; }

    internal Histogram<double> QueueTime { get; }

    internal Histogram<double> StepDuration { get; }

    internal Histogram<long> StepRows { get; }

    internal Histogram<long> StepSequences { get; }

    internal Histogram<long> PrefillChunk { get; }

    internal Counter<long> PrefilledTokens { get; }

    internal Counter<long> ReusedTokens { get; }

    internal Counter<long> GeneratedTokens { get; }

    internal Counter<long> Evictions { get; }

    internal Counter<long> Saves { get; }

    internal Counter<long> Restored { get; }

    internal Counter<long> Preemptions { get; }

    internal Counter<long> Carried { get; }

    public void Dispose()
    {
        _meter.Dispose();
        _activities.Dispose();
    }

    /// <summary>An activity for a turn, child of the caller's, which stays current for the caller; null when nobody listens.</summary>
    internal Activity? StartTurn(SequenceId sequence, int promptTokens)
    {
        var caller = Activity.Current;
        var activity = _activities.StartActivity("engine.turn");
        activity?.SetTag("orleanslm.sequence", sequence.Value);
        activity?.SetTag("gen_ai.usage.input_tokens", promptTokens);
        Activity.Current = caller;
        return activity;
    }

    internal void Finished(Activity? activity, FinishReason reason, TurnUsage usage)
    {
        _turns.Add(1, _reasons[(int)reason]);
        if (activity is not null)
        {
            activity.SetTag("orleanslm.finish_reason", _reasons[(int)reason].Value);
            activity.SetTag("gen_ai.usage.output_tokens", usage.GeneratedTokens);
            activity.SetTag("orleanslm.prefilled_tokens", usage.PrefilledTokens);
            activity.SetTag("orleanslm.reused_tokens", usage.ReusedTokens);
            activity.SetTag("orleanslm.queue_time", usage.QueueTime.TotalSeconds);
            activity.SetTag("orleanslm.time_to_first_token", usage.TimeToFirstToken.TotalSeconds);
            AddPhases(activity, usage);
            activity.Stop();
        }
    }

    internal void Failed(Activity? activity, EngineException error)
    {
        _turns.Add(1, _failed);
        activity?.SetStatus(ActivityStatusCode.Error, error.Message);
        activity?.Stop();
    }

    /// <summary>What the turn's time went into, known only now: waiting, computing its input, generating.</summary>
    private void AddPhases(Activity turn, TurnUsage usage)
    {
        var end = turn.StartTimeUtc + usage.TotalTime;
        var firstRow = turn.StartTimeUtc + usage.QueueTime;
        var firstToken = usage.GeneratedTokens > 0 ? turn.StartTimeUtc + usage.TimeToFirstToken : end;
        AddPhase(turn, "engine.queue", turn.StartTimeUtc, firstRow);
        AddPhase(turn, "engine.prefill", firstRow, firstToken);
        AddPhase(turn, "engine.decode", firstToken, end);
    }

    private void AddPhase(Activity turn, string name, DateTime start, DateTime end)
    {
        var phase = end > start ? _activities.StartActivity(name, ActivityKind.Internal, turn.Context, startTime: start) : null;
        phase?.SetEndTime(end);
        phase?.Stop();
    }

    private Histogram<double> Seconds(string name, string description)
        => _meter.CreateHistogram(name, "s", description, advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = LatencySeconds });

    private Histogram<long> Rows(string name, string unit, string description)
        => _meter.CreateHistogram(name, unit, description, advice: new InstrumentAdvice<long> { HistogramBucketBoundaries = RowCounts });
}
