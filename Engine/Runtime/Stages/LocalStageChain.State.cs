namespace OrleansLM.Engine.Runtime.Stages;

internal sealed partial class LocalStageChain
{
    public long UnitBytes => _stages.Sum(stage => stage.State.UnitBytes);

    public ValueTask ReadUnitAsync(int unit, Memory<byte> destination)
    {
        var at = 0;
        foreach (var stage in _stages)
        {
            var size = (int)stage.State.UnitBytes;
            stage.State.ReadUnit(unit, destination.Span.Slice(at, size));
            at += size;
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask WriteUnitAsync(int unit, ReadOnlyMemory<byte> source)
    {
        var at = 0;
        foreach (var stage in _stages)
        {
            var size = (int)stage.State.UnitBytes;
            stage.State.WriteUnit(unit, source.Span.Slice(at, size));
            at += size;
        }

        return ValueTask.CompletedTask;
    }
}
