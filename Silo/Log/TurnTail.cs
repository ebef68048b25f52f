using OrleansLM.Contracts.Errors;

namespace OrleansLM.Silo.Log;

/// <summary>
/// Tokens that a running turn has sampled and the log has not yet written. The turn's pump adds, the log's writer takes; a group that failed to commit
/// leaves them where they are.
/// </summary>
public sealed class TurnTail(SessionHandle session, string turnId, int position)
{
    private readonly Lock _sync = new();
    private int[] _pending = new int[64];
    private int _count;
    private int _taken;
    private int _position = position;
    private bool _scheduled;

    public SessionHandle Session { get; } = session;

    public string TurnId { get; } = turnId;

    /// <summary>Told once the log refuses the tokens because another silo has opened the session.</summary>
    public Action<OrleansLMException>? Fenced { get; set; }

    /// <summary>Adds a token; returns how many wait.</summary>
    public int Append(int id)
    {
        lock (_sync)
        {
            if (_count == _pending.Length)
            {
                Array.Resize(ref _pending, _count * 2);
            }

            _pending[_count++] = id;
            return _count;
        }
    }

    internal void Fence(OrleansLMException reason) => Fenced?.Invoke(reason);

    /// <summary>True for the one caller that has to queue it: a tail waits in the writer's queue at most once.</summary>
    internal bool TrySchedule()
    {
        lock (_sync)
        {
            return !_scheduled && (_scheduled = true);
        }
    }

    /// <summary>What waits and is not taken yet, and the position of its first token. Every take is followed by one of the two calls below.</summary>
    internal (int Position, int[] Ids) Take()
    {
        lock (_sync)
        {
            _scheduled = false;
            var ids = _pending.AsSpan(_taken, _count - _taken).ToArray();
            var position = _position + _taken;
            _taken = _count;
            return (position, ids);
        }
    }

    /// <summary>The first <paramref name="count"/> of the taken tokens are written.</summary>
    internal void Committed(int count)
    {
        lock (_sync)
        {
            _pending.AsSpan(count, _count - count).CopyTo(_pending);
            _count -= count;
            _taken -= count;
            _position += count;
        }
    }

    /// <summary>The last <paramref name="count"/> of the taken tokens were not written and wait again.</summary>
    internal void GiveBack(int count)
    {
        lock (_sync)
        {
            _taken = Math.Max(0, _taken - count);
        }
    }
}
