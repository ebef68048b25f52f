using System.Buffers.Binary;
using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime.Links;

namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>One step of a stage elsewhere: from the frame that came to the frame that goes on. Used by the stage's thread alone; keeps all it needs.</summary>
internal sealed class StageStepper : IDisposable
{
    private readonly StageModel _model;
    private readonly IBackend _backend;
    private readonly Matrix _hidden;
    private readonly StepBatch _batch = new();
    private readonly FrameWriter _out = new();
    private readonly RowChooser? _chooser;
    private HiddenWire? _wire;
    private StageRun? _run;

    public StageStepper(StageModel model, IBackend backend)
    {
        (_model, _backend) = (model, backend);
        _hidden = model.AllocateHidden(model.MaxRows);
        _chooser = model.IsLast ? new RowChooser(model.Config.VocabularySize) : null;
    }

    /// <summary>Computes and sends.</summary>
    /// <exception cref="LinkLostException">The next stage (or the engine) is gone.</exception>
    public void Run(StageRun run, FrameBuffer frame)
    {
        if (run != _run)
        {
            (_run, _wire) = (run, new HiddenWire(_backend, run.HiddenType));
        }

        var kind = frame.Header.Kind;
        _out.Clear();
        try
        {
            kind = kind switch
            {
                FrameKind.Step => Compute(frame.Payload, _wire!),
                FrameKind.ReadUnit => ReadUnit(frame.Payload),
                FrameKind.WriteUnit => WriteUnit(frame.Payload),
                _ => Pass(frame),
            };
        }
        catch (Exception error) when (error is not LinkLostException)
        {
            // The engine decides what becomes of a step that failed; the stage goes on with the next one.
            _out.Clear().Write($"the stage of layers {_model.Layers}: {error.Message}");
            kind = FrameKind.StepFailed;
        }

        run.Outgoing!.Send(kind, frame.Header.Step, _out);
    }

    public void Dispose() => _hidden.Buffer.Dispose();

    private FrameKind Pass(FrameBuffer frame)
    {
        _out.Write(frame.Payload);
        return frame.Header.Kind;
    }

    /// <summary>Adds this stage's slice.</summary>
    private FrameKind ReadUnit(ReadOnlySpan<byte> payload)
    {
        _out.Write(payload);
        _model.State.ReadUnit(BinaryPrimitives.ReadInt32LittleEndian(payload), _out.Take((int)_model.State.UnitBytes));
        return FrameKind.ReadUnit;
    }

    /// <summary>Takes this stage's slice off.</summary>
    private FrameKind WriteUnit(ReadOnlySpan<byte> payload)
    {
        var (unit, size) = (BinaryPrimitives.ReadInt32LittleEndian(payload), (int)_model.State.UnitBytes);
        var bytes = payload[sizeof(int)..];
        if (bytes.Length < size || (_model.IsLast && bytes.Length > size))
        {
            throw new InvalidDataException($"{bytes.Length} bytes of unit {unit} are left; expected {(_model.IsLast ? "" : "at least ")}{size}");
        }

        _model.State.WriteUnit(unit, bytes[..size]);
        _out.Write(unit);
        _out.Write(bytes[size..]);
        return FrameKind.WriteUnit;
    }

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

    private void Choose(RowChooser chooser, ReadOnlySpan<RowRequest> requests, Matrix hidden)
    {
        var width = _model.Config.VocabularySize;
        foreach (var block in _model.Logits(_batch, hidden))
        {
            var logits = _backend.ReadLogits(block.Logits);
            for (var i = 0; i < block.Count; i++)
            {
                chooser.Choose(requests[block.First + i], logits.Slice(i * width, width), _out);
            }
        }
    }
}
