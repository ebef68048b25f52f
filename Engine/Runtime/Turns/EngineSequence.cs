using OrleansLM.Engine.Runtime.Loop;
using OrleansLM.Engine.State;
using OrleansLM.Engine.State.Transfer;

namespace OrleansLM.Engine.Runtime.Turns;

/// <summary>Tokens, and where their computed state lies. Any thread may call it; its state belongs to the engine's thread.</summary>
internal sealed class EngineSequence : IEngineSequence
{
    private readonly EngineLoop _loop;
    private int _claimed;
    private int _computed;
    private int _disposed;

    public EngineSequence(EngineLoop loop, SequenceId id, ReadOnlySpan<int> tokens, SequenceState state)
    {
        _loop = loop;
        Id = id;
        Tokens = new TokenLog(tokens);
        State = state;
        Keys = new PrefixKeys(loop.PageTokens);
        IdleNode = new LinkedListNode<EngineSequence>(this);
        PublishComputed();
    }

    public SequenceId Id { get; }

    public int Length => Tokens.Count;

    public int ComputedLength => Volatile.Read(ref _computed);

    internal TokenLog Tokens { get; }

    internal SequenceState State { get; set; }

    /// <summary>Of its full pages.</summary>
    internal PrefixKeys Keys { get; }

    /// <summary>The turn that runs or waits; engine's thread.</summary>
    internal EngineTurn? Turn { get; set; }

    /// <summary>Number of the last step that its state depends on; engine's thread.</summary>
    internal long LastStep { get; set; }

    /// <summary>Its place in the list of idle sequences.</summary>
    internal LinkedListNode<EngineSequence> IdleNode { get; }

    /// <summary>The saving of its state that was begun since its last turn, over or not; engine's thread.</summary>
    internal StateSave? Save { get; set; }

    /// <summary>The sequence whose state it holds for an export; engine's thread.</summary>
    internal EngineSequence? HeldOf { get; init; }

    internal bool IsDisposed => Volatile.Read(ref _disposed) != 0;

    public Func<Task>? BeforeDrop { get; set; }

    public Func<Task<IEngineSequence?>>? AfterLoss { get; set; }

    public int[] CopyTokens(int start, int end) => Tokens.Copy(start, end);

    public IEngineTurn Submit(TurnRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        var plan = _loop.Rules.Check(request);
        Claim();
        try
        {
            return _loop.Submit(this, request, plan);
        }
        catch
        {
            Release();
            throw;
        }
    }

    public async ValueTask<IEngineSequence> ForkAsync(int position, CancellationToken cancellationToken = default)
    {
        RequireAlive();
        RequirePosition(position);
        var done = new TaskCompletionSource<EngineSequence>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = cancellationToken.Register(() => done.TrySetCanceled(cancellationToken));
        _loop.Ask(() => _loop.Fork(this, position, done));
        return await done.Task.ConfigureAwait(false);
    }

    public async ValueTask TruncateAsync(int position, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Claim();
        try
        {
            RequirePosition(position);
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _loop.Ask(() => _loop.Truncate(this, position, done));
            await done.Task.ConfigureAwait(false);
        }
        finally
        {
            Release();
        }
    }

    public async ValueTask<IStateExport> ExportAsync(StateExportOptions? options = null, CancellationToken cancellationToken = default)
    {
        RequireAlive();
        cancellationToken.ThrowIfCancellationRequested();
        var part = _loop.StateRules.Normalize(options ?? new StateExportOptions());
        var held = await _loop.AskAsync(() => Task.FromResult(_loop.Hold(this, part.WholePagesOnly))).ConfigureAwait(false);
        try
        {
            var units = await _loop.AskAsync(() => Task.FromResult(held.Units(part))).ConfigureAwait(false);
            var tokens = held.Tokens.Copy(0, held.Tokens.Count);
            return new StateExport(_loop, held, units, await Task.Run(() => _loop.StateRules.NewHeader(tokens, part.From, units), cancellationToken).ConfigureAwait(false), tokens);
        }
        catch
        {
            await held.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async ValueTask<int> ImportAsync(IStateSource source, int upTo = int.MaxValue, CancellationToken cancellationToken = default)
    {
        Claim();
        try
        {
            return await new StateImport(_loop, this, source).RunAsync(upTo, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Release();
        }
    }

    public async ValueTask<int> ShareAsync(IEngineSequence donor, CancellationToken cancellationToken = default)
    {
        if (donor is not EngineSequence other || other._loop != _loop)
        {
            throw new EngineException(EngineError.InvalidArgument, $"{donor.Id} is a sequence of another engine: export its state and import it") { Field = "donor" };
        }

        Claim();
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            return await _loop.AskAsync(() =>
            {
                StateTransfers.Share(this, other);
                return Task.FromResult(State.ComputedLength);
            }).ConfigureAwait(false);
        }
        finally
        {
            Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (_loop.Commands.TryPost(() => _loop.Close(this, done)))
        {
            await done.Task.ConfigureAwait(false);
        }
    }

    /// <summary>Engine's thread: the units of its state that an export consists of.</summary>
    internal List<StateUnit> Units(StateExportOptions part)
    {
        var units = new List<StateUnit>();
        State.ListUnits(part.From, units);
        if (units.Count == 0 || part.From >= State.ComputedLength)
        {
            throw new EngineException(EngineError.InvalidArgument, $"there is nothing to export from position {part.From} on: {State.ComputedLength} tokens are computed") { Field = nameof(part.From) };
        }

        return part.Checkpoints || State is not RecurrentSequenceState ? units : [units[^1]];
    }

    /// <summary>State that is ahead of the tokens, since one is being chosen, is nobody else's business.</summary>
    internal int KnownLength => Math.Min(State.ComputedLength, Tokens.Count);

    internal void PublishComputed() => Volatile.Write(ref _computed, KnownLength);

    /// <summary>The turn is over: another may be submitted.</summary>
    internal void Release() => Volatile.Write(ref _claimed, 0);

    internal void RequirePosition(int position)
    {
        if (position < 0 || position > Length)
        {
            throw new EngineException(EngineError.InvalidArgument, $"position is {position}; expected a value in [0, {Length}], the length of {Id}") { Field = "position" };
        }
    }

    private void Claim()
    {
        RequireAlive();
        if (Interlocked.CompareExchange(ref _claimed, 1, 0) != 0)
        {
            throw new EngineException(EngineError.Busy, $"{Id} has a turn that is not over");
        }
    }

    private void RequireAlive() => ObjectDisposedException.ThrowIf(IsDisposed, this);
}
