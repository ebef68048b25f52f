using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Backends.Cuda;
using OrleansLM.Engine.Backends.Cuda.Choices;
using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime.Links;

namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>
/// Steps of a stage elsewhere on a GPU: the stage's thread queues them, with their hidden states' way in and out, and does not wait for them. The last stage chooses tokens on the device, as
/// the chain of GPUs in one process does.
/// </summary>
internal sealed class DeviceStageStepper : IStageStepper
{
    private readonly StageModel _model;
    private readonly Matrix _hidden;
    private readonly StageUnits _units;
    private readonly StepBatch _batch = new();
    private readonly DeviceSender _sender;
    private readonly Dictionary<DevicePlace, DeviceRequests> _requests = [];
    private readonly ChosenTokens? _chosen;
    private readonly DeviceSampler? _sampler;

    public DeviceStageStepper(StageModel model, CudaBackend backend)
    {
        _model = model;
        Backend = backend;
        _units = new StageUnits(model);
        if (model.IsLast)
        {
            _chosen = new ChosenTokens(backend.Stream, model.MaxRows, isShared: false);
            _sampler = backend.UseSampler(model.Config.VocabularySize, _chosen, model.MaxLogitRows, CountBook.SlotsFor(model.Config.VocabularySize));
        }

        _hidden = model.AllocateHidden(model.MaxRows);
        _sender = new DeviceSender(backend, $"sends of layers {model.Layers}", Complete);
    }

    public long BusyTicks => _sender.BusyTicks;

    private CudaBackend Backend { get; }

    public void Run(StageRun run, FrameBuffer frame)
    {
        var place = _sender.Take();
        FrameKind kind;
        try
        {
            kind = frame.Header.Kind == FrameKind.Step ? Compute(frame, run, place) : _units.Answer(frame, place.Frame);
        }
        catch (Exception error)
        {
            // The engine decides what becomes of a step that failed; the stage goes on with the next one.
            place.Clear();
            place.Frame.Write($"the stage of layers {_model.Layers}: {error.Message}");
            kind = FrameKind.StepFailed;
        }

        _sender.Queue(place, kind, frame.Header.Step, run.Send);
    }

    public void Dispose()
    {
        _sender.Dispose();
        foreach (var requests in _requests.Values)
        {
            requests.Dispose();
        }

        _hidden.Buffer.Dispose();
        _chosen?.Dispose();
    }

    private FrameKind Compute(FrameBuffer frame, StageRun run, DevicePlace place)
    {
        var payload = frame.Payload;
        var start = StepWire.Read(payload, _batch, out var requests);
        if (_batch.RowCount > _model.MaxRows)
        {
            throw new InvalidDataException($"a step of {_batch.RowCount} rows; expected at most {_model.MaxRows}");
        }

        var hidden = _hidden.Top(_batch.RowCount);
        place.Receive(payload[start..], hidden, run.HiddenType);
        _model.Step(_batch, hidden);
        if (_model.IsLast)
        {
            RequestsOf(place).Queue(requests, _batch, hidden, frame.Header.Step);
        }
        else
        {
            place.Frame.Write(payload[..start]);
            place.Leave(hidden, run.HiddenType);
        }

        place.Mark();
        return _model.IsLast ? FrameKind.Result : FrameKind.Step;
    }

    private void Complete(DevicePlace place)
    {
        if (place.Kind == FrameKind.Result)
        {
            RequestsOf(place).Write(place.Frame);
        }
    }

    private DeviceRequests RequestsOf(DevicePlace place)
    {
        lock (_requests)
        {
            if (!_requests.TryGetValue(place, out var requests))
            {
                _requests[place] = requests = new DeviceRequests(new DeviceAnswers(Backend, _model, _sampler), _model.Config.VocabularySize);
            }

            return requests;
        }
    }
}
