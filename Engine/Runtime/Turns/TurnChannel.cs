using System.Threading.Channels;

namespace OrleansLM.Engine.Runtime.Turns;

/// <summary>
/// The way from the engine's thread to the reader of a turn. The engine asks <see cref="IsFull"/> after every step and gives the turn no further one until the reader
/// has caught up; so what lies here is bounded by the capacity and what a single step may add to it.
/// </summary>
internal sealed class TurnChannel(int capacity, bool allowSynchronousContinuations) : ChannelReader<TurnOutput>
{
    private readonly Channel<TurnOutput> _channel = Channel.CreateUnbounded<TurnOutput>(new UnboundedChannelOptions
    {
        SingleWriter = true,
        AllowSynchronousContinuations = allowSynchronousContinuations,
    });
    private int _count;
    private Action? _whenRoom;

    public override bool CanCount => true;

    public override int Count => Volatile.Read(ref _count);

    public override Task Completion => _channel.Reader.Completion;

    public bool IsFull => Count >= capacity;

    /// <summary>Engine's thread.</summary>
    public void Write(in TurnOutput output)
    {
        Interlocked.Increment(ref _count);
        _channel.Writer.TryWrite(output);
    }

    /// <summary>Engine's thread: writes what may as well be left out when the reader is behind.</summary>
    public void WriteIfRoom(in TurnOutput output)
    {
        if (!IsFull)
        {
            Write(output);
        }
    }

    /// <summary>Engine's thread: nothing follows; <paramref name="error"/> is what the reader gets after what was written.</summary>
    public void End(Exception? error) => _channel.Writer.TryComplete(error);

    /// <summary>Engine's thread: calls <paramref name="then"/> once, from whatever thread reads, when the reader has caught up with half of the capacity.</summary>
    public void WhenRoom(Action then)
    {
        Interlocked.Exchange(ref _whenRoom, then);
        CallIfRoom();
    }

    public override bool TryRead(out TurnOutput item)
    {
        if (!_channel.Reader.TryRead(out item))
        {
            return false;
        }

        Interlocked.Decrement(ref _count);
        CallIfRoom();
        return true;
    }

    public override ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken = default) => _channel.Reader.WaitToReadAsync(cancellationToken);

    private void CallIfRoom()
    {
        if (Volatile.Read(ref _whenRoom) is not null && Count <= capacity / 2)
        {
            Interlocked.Exchange(ref _whenRoom, null)?.Invoke();
        }
    }
}
