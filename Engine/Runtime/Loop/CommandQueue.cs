namespace OrleansLM.Engine.Runtime.Loop;

/// <summary>What other threads ask of the engine's thread; carried out between two steps, in order.</summary>
internal sealed class CommandQueue : IDisposable
{
    private readonly Lock _lock = new();
    private readonly AutoResetEvent _signal = new(initialState: false);
    private Queue<Action> _posted = new();
    private Queue<Action> _draining = new();
    private volatile bool _any;
    private bool _closed;

    /// <returns>False when the queue is closed: the command will never be carried out.</returns>
    public bool TryPost(Action command)
    {
        lock (_lock)
        {
            if (_closed)
            {
                return false;
            }

            _posted.Enqueue(command);
            _any = true;
        }

        _signal.Set();
        return true;
    }

    /// <summary>Any thread: ends the sleep of the engine's thread, or the next one, with nothing to carry out.</summary>
    public void Wake()
    {
        lock (_lock)
        {
            if (_closed)
            {
                return;
            }

            _any = true;
        }

        _signal.Set();
    }

    /// <summary>Carries out what has been asked so far.</summary>
    public void Drain()
    {
        while (_any)
        {
            lock (_lock)
            {
                (_posted, _draining) = (_draining, _posted);
                _any = false;
            }

            while (_draining.TryDequeue(out var command))
            {
                command();
            }
        }
    }

    /// <summary>Sleeps until something is asked.</summary>
    public void Wait()
    {
        if (!_any)
        {
            _signal.WaitOne();
        }
    }

    /// <summary>Takes no more commands; those taken before are still to be drained.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _closed = true;
        }
    }

    public void Dispose() => _signal.Dispose();
}
