namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>Each GPU has its slice of every unit; in bytes they lie one after the other, in the order of the layers.</summary>
internal sealed partial class DeviceStageChain
{
    public long UnitBytes => _stages.Sum(stage => stage.Models.Sum(model => model.State.UnitBytes));

    public ValueTask ReadUnitAsync(int unit, Memory<byte> destination)
    {
        ReadUnit(unit, destination.Span);
        return ValueTask.CompletedTask;
    }

    public ValueTask ReadUnitsAsync(ReadOnlyMemory<int> units, Memory<byte> destination)
    {
        var size = (int)UnitBytes;
        if (_stages.Length == 1 && _stages[0].Models.Count == 1)
        {
            _stages[0].Last.State.ReadUnits(units.Span, destination.Span[..(units.Length * size)]);
            return ValueTask.CompletedTask;
        }

        for (var i = 0; i < units.Length; i++)
        {
            ReadUnit(units.Span[i], destination.Span.Slice(i * size, size));
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask WriteUnitAsync(int unit, ReadOnlyMemory<byte> source)
    {
        var at = 0;
        foreach (var model in _stages.SelectMany(stage => stage.Models))
        {
            var size = (int)model.State.UnitBytes;
            model.State.WriteUnit(unit, source.Span.Slice(at, size));
            at += size;
        }

        return ValueTask.CompletedTask;
    }

    private void ReadUnit(int unit, Span<byte> destination)
    {
        var at = 0;
        foreach (var model in _stages.SelectMany(stage => stage.Models))
        {
            var size = (int)model.State.UnitBytes;
            model.State.ReadUnit(unit, destination.Slice(at, size));
            at += size;
        }
    }
}
