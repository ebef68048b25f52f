namespace Grpc.Net.Client.Internal;

/// <summary>The calls of a channel that have not ended, so that closing the channel can end them.</summary>
internal sealed class ActiveCalls
{
    private readonly HashSet<IDisposable> _calls = [];

    public bool Closed { get; private set; }

    public void Add(IDisposable call)
    {
        lock (_calls)
        {
            ObjectDisposedException.ThrowIf(Closed, typeof(GrpcChannel));
            _calls.Add(call);
        }
    }

    public void Remove(IDisposable call)
    {
        lock (_calls)
        {
            _calls.Remove(call);
        }
    }

    /// <summary>False when it was closed before.</summary>
    public bool Close()
    {
        IDisposable[] running;
        lock (_calls)
        {
            if (Closed)
            {
                return false;
            }

            Closed = true;
            running = [.. _calls];
        }

        foreach (IDisposable call in running)
        {
            call.Dispose();
        }

        return true;
    }
}
