using OrleansLM.Engine.Runtime.Diagnostics;

namespace OrleansLM.Engine.Runtime.Loop;

/// <summary>
/// When the stages are moved, or the model is cut anew, on purpose: takes the state of all sequences along. The units are read from the old stages between two steps, lie in a
/// file, and are written under the same ids to the new stages, so that no book changes and nothing is computed again. Whatever goes wrong before all of them are here, or that is not
/// the loss of a stage, makes it what the loss of a stage is: state is forgotten and computed. Engine's thread, but for the file.
/// </summary>
internal sealed class StateCarriage(EngineParts parts, StateLedger ledger, CommandQueue commands, EngineInstruments instruments)
{
    /// <summary>Units are moved in runs of about so many bytes.</summary>
    private const int RunBytes = 4 << 20;

    /// <summary>States that come in are waited for so long; then they are given up.</summary>
    private static readonly TimeSpan s_settleLimit = TimeSpan.FromSeconds(5);

    private CarriagePhase _phase;
    private CarriedUnits? _carried;
    private TaskCompletionSource? _over;
    private ITimer? _limit;
    private bool _isSettled;
    private long _attempt;

    /// <summary>No step may be begun.</summary>
    public bool HoldsSteps => _phase > CarriagePhase.Settling;

    /// <summary>What a state that is to come in waits for; null: nothing.</summary>
    public Task? Over => _over?.Task;

    /// <summary>What the reading of a state waits for; null: nothing. What was asked for before is answered before the units that are carried, which go the same way behind it.</summary>
    public Task? Arrived => _phase >= CarriagePhase.Reading ? _over!.Task : null;

    private int UnitBytes => checked((int)parts.Chain.UnitBytes);

    private int RunUnits => Math.Max(1, RunBytes / UnitBytes);

    /// <summary>Goes on as far as it can.</summary>
    /// <param name="anyUnderWay">Steps are under way.</param>
    public void Advance(bool anyUnderWay)
    {
        if (_phase == CarriagePhase.None && parts.Chain.IsLeaving)
        {
            Begin();
        }

        if (_phase == CarriagePhase.Settling && (_isSettled || ledger.Restoring.Count == 0))
        {
            _phase = CarriagePhase.Stopping;
        }

        if (_phase == CarriagePhase.Stopping && !anyUnderWay)
        {
            Read();
        }

        if (_phase == CarriagePhase.Away && parts.Chain.IsReady)
        {
            _phase = CarriagePhase.Writing;
            Watch(WriteAsync(_carried!, ++_attempt), Written);
        }
    }

    /// <summary>A stage was lost, or given up because of this.</summary>
    /// <returns>False: the states are lost with it.</returns>
    public bool Survives()
    {
        if (_phase is CarriagePhase.Away or CarriagePhase.Writing)
        {
            // All of it is here: written again, to whatever is there next.
            _phase = CarriagePhase.Away;
            return true;
        }

        End();
        return false;
    }

    /// <summary>The engine stops: who waits asks again, and learns of it.</summary>
    public void End()
    {
        _phase = CarriagePhase.None;
        _limit?.Dispose();
        _carried?.Dispose();
        _carried = null;
        var over = _over;
        _over = null;
        over?.TrySetResult();
    }

    private void Begin()
    {
        (_phase, _isSettled) = (CarriagePhase.Settling, false);
        _over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _limit = parts.Time.CreateTimer(_ => commands.TryPost(() => _isSettled = true), null, s_settleLimit, Timeout.InfiniteTimeSpan);
    }

    private void Read()
    {
        foreach (var sequence in ledger.Restoring)
        {
            StepPlanner.DropState(sequence);
        }

        ledger.Restoring.Clear();
        ledger.Pool.ForgetFree();
        var units = ledger.Pool.ListHeld();
        try
        {
            if (parts.Chain.IsReady)
            {
                _carried = CarriedUnits.Create(parts.CarriageFolder ?? Path.GetTempPath(), units, UnitBytes);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // It is computed again.
        }

        if (_carried is null)
        {
            parts.Chain.Leave();
            End();
            return;
        }

        _phase = CarriagePhase.Reading;
        Watch(ReadAsync(_carried, ++_attempt), IsRead);
    }

    /// <summary>A run is written to the file while the next one is read.</summary>
    private async Task ReadAsync(CarriedUnits carried, long attempt)
    {
        var (current, ahead) = (new byte[RunUnits * UnitBytes], new byte[RunUnits * UnitBytes]);
        var writing = Task.CompletedTask;
        for (var first = 0; first < carried.Units.Length; first += RunUnits)
        {
            var units = carried.Units.Slice(first, Math.Min(RunUnits, carried.Units.Length - first));
            var bytes = current.AsMemory(0, units.Length * UnitBytes);
            await AskAsync(attempt, () => parts.Chain.ReadUnitsAsync(units, bytes)).ConfigureAwait(false);
            await writing.ConfigureAwait(false);
            var at = first;
            writing = Task.Run(() => carried.WriteAsync(at, bytes));
            (current, ahead) = (ahead, current);
        }

        await writing.ConfigureAwait(false);
    }

    private async Task WriteAsync(CarriedUnits carried, long attempt)
    {
        var run = new byte[RunUnits * UnitBytes];
        for (var first = 0; first < carried.Units.Length; first += RunUnits)
        {
            var units = carried.Units.Slice(first, Math.Min(RunUnits, carried.Units.Length - first));
            var bytes = run.AsMemory(0, units.Length * UnitBytes);
            await carried.ReadAsync(first, bytes).ConfigureAwait(false);
            await AskAsync(attempt, () => new ValueTask(Task.WhenAll(Enumerable.Range(0, units.Length).Select(i => WriteAsync(units.Span[i], bytes.Slice(i * UnitBytes, UnitBytes)))))).ConfigureAwait(false);
        }

        // What it throws at once must not keep the others from being waited for.
        async Task WriteAsync(int unit, ReadOnlyMemory<byte> bytes) => await parts.Chain.WriteUnitAsync(unit, bytes).ConfigureAwait(false);
    }

    /// <summary>Tells the engine's thread how it went, if it is still about this.</summary>
    private void Watch(Task work, Action<Task> ended)
    {
        var attempt = _attempt;
        work.ContinueWith(
            done => commands.TryPost(() =>
            {
                if (IsCurrent(attempt))
                {
                    ended(done);
                }
            }),
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private void IsRead(Task read)
    {
        _phase = read.IsCompletedSuccessfully ? CarriagePhase.Away : _phase;
        parts.Chain.Leave();
    }

    private void Written(Task written)
    {
        switch (written.Exception?.InnerException)
        {
            case null:
                instruments.Carried.Add(_carried!.Units.Length);
                End();
                break;
            case EngineException { Error: EngineError.Unavailable }:
                // A stage is lost again; that is heard of.
                break;
            default:
                // Half of it is there: not to be trusted.
                _phase = CarriagePhase.Reading;
                parts.Chain.Leave();
                break;
        }
    }

    private bool IsCurrent(long attempt) => _attempt == attempt && _phase is (CarriagePhase.Reading or CarriagePhase.Writing);

    /// <summary>Has the engine's thread begin something with the stages, unless others are there by now.</summary>
    private async Task AskAsync(long attempt, Func<ValueTask> action)
    {
        var begun = new TaskCompletionSource<Task>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!commands.TryPost(() => begun.SetResult(Begin())))
        {
            throw new EngineException(EngineError.Unavailable, "the engine has stopped");
        }

        await (await begun.Task.ConfigureAwait(false)).ConfigureAwait(false);

        async Task Begin()
        {
            if (!IsCurrent(attempt))
            {
                throw new EngineException(EngineError.Unavailable, "a stage was lost while state was carried");
            }

            await action().ConfigureAwait(false);
        }
    }
}
