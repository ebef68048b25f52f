using OrleansLM.Engine.Runtime.Loop;
using OrleansLM.Engine.State;
using OrleansLM.Engine.State.Transfer;

namespace OrleansLM.Engine.Runtime.Turns;

/// <summary>An export of this engine: a sequence of its own that shares the state's units.</summary>
internal sealed class StateExport(EngineLoop loop, EngineSequence held, IReadOnlyList<StateUnit> units, StateHeader header, int[] tokens) : IStateExport
{
    public StateHeader Header => header;

    public ReadOnlyMemory<int> Tokens => tokens;

    public async ValueTask<int> ReadAsync(int first, Memory<byte> destination, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return await loop.AskAsync(async () => await loop.Transfers.ReadAsync(held, units, first, destination)).ConfigureAwait(false);
    }

    public ValueTask DisposeAsync() => held.DisposeAsync();
}
