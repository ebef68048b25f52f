namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>Each process keeps its slice of every state to itself: nothing is exported or imported, a sequence that goes on elsewhere is computed anew.</summary>
internal sealed partial class PipelineChain
{
    public bool MovesState => false;

    public long UnitBytes => _local.Sum(stage => stage.State.UnitBytes);

    public ValueTask ReadUnitAsync(int unit, Memory<byte> destination) => throw Elsewhere();

    public ValueTask WriteUnitAsync(int unit, ReadOnlyMemory<byte> source) => throw Elsewhere();

    private static EngineException Elsewhere() => new(EngineError.Unavailable, "the state lies in several processes and is not moved: it is computed anew where it is needed");
}
