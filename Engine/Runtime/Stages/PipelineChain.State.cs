using OrleansLM.Engine.Runtime.Links;

namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>
/// Each process has its slice of every unit. Reading and writing go the way of the steps, behind those that were begun before: each stage adds its slice to what it
/// passes on, or takes it off.
/// </summary>
internal sealed partial class PipelineChain
{
    public long UnitBytes { get; }

    public ValueTask ReadUnitAsync(int unit, Memory<byte> destination)
    {
        _frame.Clear().Write(unit);
        foreach (var stage in _local)
        {
            stage.State.ReadUnit(unit, _frame.Take((int)stage.State.UnitBytes));
        }

        return Ask(FrameKind.ReadUnit, destination);
    }

    public ValueTask WriteUnitAsync(int unit, ReadOnlyMemory<byte> source)
    {
        var rest = source.Span;
        foreach (var stage in _local)
        {
            var size = (int)stage.State.UnitBytes;
            stage.State.WriteUnit(unit, rest[..size]);
            rest = rest[size..];
        }

        _frame.Clear().Write(unit);
        _frame.Write(rest);
        return Ask(FrameKind.WriteUnit, default);
    }

    /// <summary>Behind the steps that were begun: on a GPU these may still wait to be sent.</summary>
    private ValueTask Ask(FrameKind kind, Memory<byte> destination)
    {
        var connection = Connected();
        if (_sender is null)
        {
            return new ValueTask(connection.Ask(kind, _frame, destination));
        }

        var (number, done) = connection.BeginUnit(destination);
        var place = _sender.Take();
        place.Frame.Write(_frame.Payload);
        _sender.Queue(place, kind, number, connection.TrySend);
        return new ValueTask(done);
    }

    /// <exception cref="EngineException">Unavailable: a stage is lost.</exception>
    private PipelineConnection Connected() => IsReady ? _opener.Current! : throw new EngineException(EngineError.Unavailable, $"a stage is lost, and the state with it: {_opener.Reason}");
}
