namespace OrleansLM.Engine.Runtime.Loop;

/// <summary>The one thread of an engine: rounds while there is work, asleep otherwise.</summary>
internal sealed class EngineThread
{
    private readonly EngineLoop _loop;
    private readonly Action _release;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _stopping;

    /// <param name="loop">What to run.</param>
    /// <param name="name">Of the thread.</param>
    /// <param name="release">Called on the thread at its end: gives back what the loop works with.</param>
    public EngineThread(EngineLoop loop, string name, Action release)
    {
        _loop = loop;
        _release = release;
        new Thread(Run) { IsBackground = true, Name = name }.Start();
    }

    /// <summary>Ends after the current step; open turns fail with Unavailable. Idempotent.</summary>
    public Task StopAsync()
    {
        _loop.Commands.TryPost(() => _stopping = true);
        return _ended.Task;
    }

    private void Run()
    {
        Exception? defect = null;
        try
        {
            while (!_stopping)
            {
                if (!_loop.RunOnce() && !_stopping)
                {
                    _loop.Commands.Wait();
                }
            }
        }
        catch (Exception error)
        {
            // A defect of the loop itself: whoever waits must learn of it, and the process goes on without this engine.
            defect = error;
        }

        End(defect);
    }

    private void End(Exception? defect)
    {
        try
        {
            _loop.Shutdown(defect);
            _release();
            _ended.SetResult();
        }
        catch (Exception error)
        {
            _ended.SetException(error);
        }
    }
}
