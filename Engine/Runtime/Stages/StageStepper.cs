using System.Diagnostics;
using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime.Links;

namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>Steps of a stage elsewhere that is computed on its own thread: what comes of a step leaves before the next one is looked at. Keeps all it needs.</summary>
internal sealed class StageStepper : IStageStepper
{
    private readonly StageModel _model;
    private readonly IBackend _backend;
    private readonly Matrix _hidden;
    private readonly StageUnits _units;
    private readonly StepBatch _batch = new();
    private readonly FrameWriter _out = new();
    private readonly RowChooser? _chooser;
    private HiddenWire? _wire;
    private StageRun? _run;
    private long _busy;

    public StageStepper(StageModel model, IBackend backend)
    {
        (_model, _backend) = (model, backend);
        _hidden = model.AllocateHidden(model.MaxRows);
        _units = new StageUnits(model);
        _chooser = model.IsLast ? new RowChooser(model.Config.VocabularySize) : null;
    }

    public long BusyTicks => Volatile.Read(ref _busy);

    public void Run(StageRun run, FrameBuffer frame)
    {
        var began = Stopwatch.GetTimestamp();
        if (run != _run)
        {
            (_run, _wire) = (run, new HiddenWire(_backend, run.HiddenType));
        }

        _out.Clear();
        FrameKind kind;
        try
        {
            kind = frame.Header.Kind == FrameKind.Step ? Compute(frame.Payload, _wire!) : _units.Answer(frame, _out);
        }
        catch (Exception error)
        {
            // The engine decides what becomes of a step that failed; the stage goes on with the next one.
            _out.Clear().Write($"the stage of layers {_model.Layers}: {error.Message}");
            kind = FrameKind.StepFailed;
        }

        run.Send(kind, frame.Header.Step, _out);
        Volatile.Write(ref _busy, _busy + Stopwatch.GetTimestamp() - began);
    }

    public void Dispose() => _hidden.Buffer.Dispose();

    private FrameKind Compute(ReadOnlySpan<byte> payload, HiddenWire wire)
    {
        var start = StepWire.Read(payload, _batch, out var requests);
        if (_batch.RowCount > _model.MaxRows)
        {
            throw new InvalidDataException($"a step of {_batch.RowCount} rows; expected at most {_model.MaxRows}");
        }

        var hidden = _hidden.Top(_batch.RowCount);
        wire.Read(payload[start..], hidden);
        _model.Step(_batch, hidden);
        if (_chooser is not null)
        {
            Choose(_chooser, requests, hidden);
            return FrameKind.Result;
        }

        _out.Write(payload[..start]);
        wire.Write(hidden, _out);
        return FrameKind.Step;
    }

    private void Choose(RowChooser chooser, in RowRequests requests, Matrix hidden)
    {
        var width = _model.Config.VocabularySize;
        chooser.Begin(requests);
        foreach (var block in _model.Logits(_batch, hidden))
        {
            var logits = _backend.ReadLogits(block.Logits);
            for (var i = 0; i < block.Count; i++)
            {
                chooser.Choose(requests, block.First + i, logits.Slice(i * width, width), _out);
            }
        }
    }
}
