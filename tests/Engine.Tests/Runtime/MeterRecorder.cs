using System.Diagnostics.Metrics;
using OrleansLM.Engine.Runtime.Diagnostics;

namespace OrleansLM.Engine.Tests.Runtime;

/// <summary>A meter factory whose meters only this recorder hears.</summary>
internal sealed class MeterRecorder : IMeterFactory
{
    private readonly MeterListener _listener = new();
    private readonly List<Meter> _meters = [];
    private readonly List<(string Name, double Value)> _values = [];

    public MeterRecorder()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (_meters.Contains(instrument.Meter))
            {
                Instruments.Add(instrument);
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Record(instrument, value, tags));
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Record(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Record(instrument, value, tags));
        _listener.Start();
    }

    public List<Instrument> Instruments { get; } = [];

    public List<string> Reasons { get; } = [];

    /// <summary>Values in order, rounded to milliseconds.</summary>
    public double[] Of(string name) => [.. _values.Where(entry => entry.Name == name).Select(entry => Math.Round(entry.Value, 3))];

    public void Observe() => _listener.RecordObservableInstruments();

    public Meter Create(MeterOptions options)
    {
        Assert.Equal(EngineInstruments.Name, options.Name);
        var meter = new Meter(options.Name, null, options.Tags, this);
        _meters.Add(meter);
        return meter;
    }

    public void Dispose()
    {
        _listener.Dispose();
        _meters.ForEach(meter => meter.Dispose());
    }

    private void Record(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        _values.Add((instrument.Name, value));
        foreach (var tag in tags)
        {
            if (tag is { Key: "reason", Value: string reason })
            {
                Reasons.Add(reason);
            }
        }
    }
}
