using OrleansLM.Engine.Runtime.Loop;
using OrleansLM.Engine.State;
using OrleansLM.Engine.State.Transfer;

namespace OrleansLM.Engine.Runtime.Turns;

/// <summary>Brings a stored state into a sequence that is claimed for it.</summary>
internal sealed class StateImport(EngineLoop loop, EngineSequence sequence, IStateSource source)
{
    /// <returns>Tokens that are computed then.</returns>
    /// <exception cref="StateException">It does not belong here, or is damaged; the sequence has at most what it had.</exception>
    /// <exception cref="EngineException">ResourceExhausted, Unavailable.</exception>
    public async Task<int> RunAsync(int upTo, CancellationToken cancellationToken)
    {
        var length = Math.Min(source.Header.To, upTo);
        loop.StateRules.Check(source, sequence.Tokens.Copy(0, sequence.Tokens.Count), sequence.ComputedLength, length);
        var (positions, reached) = loop.StateRules.Part(source.Header, length);
        if (reached <= sequence.ComputedLength)
        {
            return sequence.ComputedLength;
        }

        var units = await TakeUnitsAsync(positions, cancellationToken).ConfigureAwait(false);
        try
        {
            await FillAsync(units, cancellationToken).ConfigureAwait(false);
            await AskAsync(() => loop.Transfers.EndRestore(sequence, reached)).ConfigureAwait(false);
            return reached;
        }
        catch
        {
            await AskAsync(() => loop.Transfers.AbandonRestore(sequence)).ConfigureAwait(false);
            throw;
        }
    }

    private async Task<List<StateUnit>> TakeUnitsAsync(int[] positions, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task? wait = null;
            if (await loop.AskAsync(() => Task.FromResult(loop.Transfers.BeginRestore(sequence, source.Header.From, positions, out wait))).ConfigureAwait(false) is { } units)
            {
                return units;
            }

            try
            {
                await wait!.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                await AskAsync(() => loop.Transfers.StopWaiting(sequence)).ConfigureAwait(false);
                throw;
            }
        }
    }

    private async Task FillAsync(List<StateUnit> units, CancellationToken cancellationToken)
    {
        // A unit is written while the next one is read.
        var (current, ahead) = (new byte[source.Header.UnitBytes], new byte[source.Header.UnitBytes]);
        var writing = Task.CompletedTask;
        try
        {
            foreach (var unit in units)
            {
                var there = await source.ReadAsync(current, cancellationToken).ConfigureAwait(false);
                if (!there && unit == units[^1])
                {
                    throw new StateException(StateFault.Damaged, "the stored state lacks its last unit");
                }

                await writing.ConfigureAwait(false);
                var bytes = current;
                writing = unit.Unit < 0 ? Task.CompletedTask : loop.AskAsync(async () =>
                {
                    await loop.Transfers.WriteAsync(sequence, unit, there ? bytes : null);
                    return true;
                });
                (current, ahead) = (ahead, current);
            }
        }
        finally
        {
            await writing.ConfigureAwait(false);
        }
    }

    private Task<bool> AskAsync(Action action) => loop.AskAsync(() =>
    {
        action();
        return Task.FromResult(true);
    });
}
