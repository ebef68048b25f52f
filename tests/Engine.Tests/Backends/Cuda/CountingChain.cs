using OrleansLM.Engine.Runtime.Loop;
using OrleansLM.Engine.Runtime.Stages;

namespace OrleansLM.Engine.Tests.Backends.Cuda;

/// <summary>Counts the steps that are begun before their tokens are known.</summary>
internal sealed class CountingChain(IStageChain chain) : IStageChain
{
    public int Followers { get; private set; }

    public int MaxRows => chain.MaxRows;

    public long UnitBytes => chain.UnitBytes;

    public int Depth => chain.Depth;

    public int Parallel => chain.Parallel;

    public bool CanFollow => chain.CanFollow;

    public void Attach(Action wake) => chain.Attach(wake);

    public void Begin(PendingStep step)
    {
        chain.Begin(step);
        Followers += step.Batch.Follows ? 1 : 0;
    }

    public bool TryComplete(PendingStep step, IStepReader reader) => chain.TryComplete(step, reader);

    public ValueTask ReadUnitAsync(int unit, Memory<byte> destination) => chain.ReadUnitAsync(unit, destination);

    public ValueTask WriteUnitAsync(int unit, ReadOnlyMemory<byte> source) => chain.WriteUnitAsync(unit, source);

    public void Dispose() => chain.Dispose();
}
