namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>
/// Pages and slots of all stages as bytes: what export and import move. Called on the engine's thread; the memory belongs to the callee until the task ends. A unit's
/// bytes are those of its layers in order, so they do not depend on how the layers are cut into stages.
/// </summary>
internal interface IUnitAccess
{
    /// <summary>Bytes of one page or slot, all layers.</summary>
    long UnitBytes { get; }

    /// <summary>Brings a unit to the host as the steps begun so far leave it, whatever later ones write.</summary>
    /// <exception cref="EngineException">Unavailable, here or by the task: a stage is lost.</exception>
    ValueTask ReadUnitAsync(int unit, Memory<byte> destination);

    /// <summary>Several units, one after the other in the destination; all of them are begun, and none under way when the task ends.</summary>
    ValueTask ReadUnitsAsync(ReadOnlyMemory<int> units, Memory<byte> destination)
    {
        var size = (int)UnitBytes;
        return new ValueTask(Task.WhenAll([.. Enumerable.Range(0, units.Length).Select(i => ReadAsync(units.Span[i], destination.Slice(i * size, size)))]));

        // What it throws at once must not keep the others from being waited for.
        async Task ReadAsync(int unit, Memory<byte> part) => await ReadUnitAsync(unit, part).ConfigureAwait(false);
    }

    /// <summary>Fills a unit. Steps begun after the task's end see it.</summary>
    /// <exception cref="EngineException">Unavailable, here or by the task: a stage is lost.</exception>
    ValueTask WriteUnitAsync(int unit, ReadOnlyMemory<byte> source);
}
