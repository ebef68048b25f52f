using System.Buffers;
using OrleansLM.Engine.State;

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

        var at = 0;
        foreach (var model in _stages.SelectMany(stage => stage.Models))
        {
            ReadSlices(model.State, units.Span, destination.Span[at..], size);
            at += (int)model.State.UnitBytes;
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

    /// <summary>The slices of one stage, all at once: one by one they would come at a fraction of the bus's speed.</summary>
    /// <param name="state">The stage's.</param>
    /// <param name="units">Which.</param>
    /// <param name="destination">Gets one every <paramref name="stride"/> bytes.</param>
    /// <param name="stride">Bytes of a unit, all stages together.</param>
    private static void ReadSlices(StageState state, ReadOnlySpan<int> units, Span<byte> destination, int stride)
    {
        var size = (int)state.UnitBytes;
        var slices = ArrayPool<byte>.Shared.Rent(units.Length * size);
        state.ReadUnits(units, slices.AsSpan(0, units.Length * size));
        for (var i = 0; i < units.Length; i++)
        {
            slices.AsSpan(i * size, size).CopyTo(destination[(i * stride)..]);
        }

        ArrayPool<byte>.Shared.Return(slices);
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
