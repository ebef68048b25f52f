using OrleansLM.Engine.Runtime.Loop;
using OrleansLM.Engine.Runtime.Stages;

namespace OrleansLM.Engine.Tests.Backends.Cuda;

/// <summary>Counts the steps that are begun while another one is under way.</summary>
internal sealed class CountingChain(IStageChain chain) : IStageChain
{
    private int _underWay;

    public int Followers { get; private set; }

    public int MaxRows => chain.MaxRows;

    public long UnitBytes => chain.UnitBytes;

    public bool CanFollow(PendingStep step) => chain.CanFollow(step);

    public void Begin(PendingStep step)
    {
        chain.Begin(step);
        Followers += _underWay++ > 0 ? 1 : 0;
    }

    public bool TryComplete(PendingStep step, IStepReader reader)
    {
        _underWay--;
        return chain.TryComplete(step, reader);
    }

    public ValueTask ReadUnitAsync(int unit, Memory<byte> destination) => chain.ReadUnitAsync(unit, destination);

    public ValueTask WriteUnitAsync(int unit, ReadOnlyMemory<byte> source) => chain.WriteUnitAsync(unit, source);

    public void Dispose() => chain.Dispose();
}
