using OrleansLM.Engine.Runtime.Links;

namespace OrleansLM.Links;

/// <summary>Frames on their way from a link's thread to another.</summary>
internal sealed class FrameQueue : ILinkReceiver
{
    private readonly Queue<FrameBuffer> _frames = new();
    private readonly object _lock = new();
    private bool _closed;

    public void Received(Link link, FrameBuffer frame)
    {
        lock (_lock)
        {
            _frames.Enqueue(frame);
            Monitor.Pulse(_lock);
        }
    }

    public void Lost(Link link, string reason)
    {
        lock (_lock)
        {
            _closed = true;
            Monitor.Pulse(_lock);
        }
    }

    /// <returns>Null when the link is closed.</returns>
    public FrameBuffer? Take()
    {
        lock (_lock)
        {
            while (_frames.Count == 0 && !_closed)
            {
                Monitor.Wait(_lock);
            }

            return _frames.TryDequeue(out var frame) ? frame : null;
        }
    }
}
