using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.State.Transfer;

namespace OrleansLM.Silo.Tests.Doubles;

internal sealed class FakeSequence(FakeEngine engine, SequenceId id, int[] tokens, int computed) : IEngineSequence
{
    private readonly Lock _sync = new();
    private readonly List<int> _tokens = [.. tokens];
    private bool _busy;
    private bool _disposed;

    public SequenceId Id { get; } = id;

    public int ComputedLength { get; private set; } = computed;

    public int Length
    {
        get
        {
            lock (_sync)
            {
                return _tokens.Count;
            }
        }
    }

    public Func<Task>? BeforeDrop { get; set; }

    public Func<Task<IEngineSequence?>>? AfterLoss { get; set; }

    public int[] CopyTokens(int start, int end)
    {
        lock (_sync)
        {
            return [.. _tokens[start..end]];
        }
    }

    public IEngineTurn Submit(TurnRequest request)
    {
        lock (_sync)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (engine.Refusal is { } refusal)
            {
                throw refusal;
            }

            if (_busy)
            {
                throw new EngineException(EngineError.Busy, "busy");
            }

            _busy = true;
            var start = _tokens.Count;
            _tokens.AddRange(request.Tokens.Span);
            return new FakeTurn(engine, this, request, start);
        }
    }

    public ValueTask<IEngineSequence> ForkAsync(int position, CancellationToken cancellationToken = default)
    {
        lock (_sync)
        {
            Interlocked.Increment(ref engine.LiveSequences);
            return new(new FakeSequence(engine, new SequenceId(Id.Value * 1000), [.. _tokens[..position]], Math.Min(position, ComputedLength)));
        }
    }

    public ValueTask TruncateAsync(int position, CancellationToken cancellationToken = default)
    {
        lock (_sync)
        {
            if (_busy)
            {
                throw new EngineException(EngineError.Busy, "busy");
            }

            _tokens.RemoveRange(position, _tokens.Count - position);
            ComputedLength = Math.Min(ComputedLength, position);
            return ValueTask.CompletedTask;
        }
    }

    public ValueTask<IStateExport> ExportAsync(StateExportOptions? options = null, CancellationToken cancellationToken = default)
    {
        lock (_sync)
        {
            return ComputedLength > 0
                ? new(new FakeExport(engine, [.. _tokens[..ComputedLength]]))
                : throw new EngineException(EngineError.InvalidArgument, "nothing is computed");
        }
    }

    public async ValueTask<int> ImportAsync(IStateSource source, int upTo = int.MaxValue, CancellationToken cancellationToken = default)
    {
        await source.ReadAsync(new byte[source.Header.UnitBytes], cancellationToken);
        lock (_sync)
        {
            return ComputedLength = Math.Max(ComputedLength, Math.Min(source.Header.To, upTo));
        }
    }

    public ValueTask<int> ShareAsync(IEngineSequence donor, CancellationToken cancellationToken = default) => new(ComputedLength);

    public ValueTask DisposeAsync()
    {
        lock (_sync)
        {
            if (!_disposed)
            {
                _disposed = true;
                Interlocked.Decrement(ref engine.LiveSequences);
            }

            return ValueTask.CompletedTask;
        }
    }

    internal int Compute()
    {
        lock (_sync)
        {
            var missing = _tokens.Count - ComputedLength;
            ComputedLength = _tokens.Count;
            Interlocked.Add(ref engine.ComputedTokens, missing);
            return missing;
        }
    }

    internal int Sample(ulong seed)
    {
        lock (_sync)
        {
            var next = FakeEngine.Next(_tokens, seed);
            _tokens.Add(next);
            return next;
        }
    }

    /// <summary>The turn is over; a failed one goes back to <paramref name="keep"/>.</summary>
    internal void Release(int? keep = null)
    {
        lock (_sync)
        {
            if (keep is { } length)
            {
                _tokens.RemoveRange(length, _tokens.Count - length);
                ComputedLength = Math.Min(ComputedLength, length);
            }

            _busy = false;
        }
    }
}
