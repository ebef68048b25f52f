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
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Task? wait = null;
            var count = await loop.AskAsync(async () => (wait = loop.Carriage.Arrived) is null ? await loop.Transfers.ReadAsync(held, units, first, destination).ConfigureAwait(false) : 0).ConfigureAwait(false);
            if (wait is null)
            {
                return count;
            }

            await wait.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public ValueTask DisposeAsync() => held.DisposeAsync();
}
