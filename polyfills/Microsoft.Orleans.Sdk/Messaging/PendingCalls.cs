using System.Collections.Concurrent;

namespace Orleans.Runtime.Messaging;

/// <summary>The calls of one silo or client that wait for responses, by id.</summary>
internal sealed class PendingCalls
{
    private readonly ConcurrentDictionary<long, PendingCall> _calls = new();
    private long _lastId;

    public int Count => _calls.Count;

    public long NextId() => Interlocked.Increment(ref _lastId);

    public void Add(PendingCall call) => _calls[call.Request.Id] = call;

    public PendingCall? Find(long id) => _calls.GetValueOrDefault(id);

    /// <summary>Takes a call out; only one of response, timeout, cancellation and failure gets it.</summary>
    public PendingCall? Remove(long id)
    {
        if (!_calls.TryRemove(id, out PendingCall? call))
            return null;

        call.Release();
        return call;
    }

    public void Fail(Func<Message, bool> which, Func<PendingCall, Exception> failure)
    {
        foreach ((long id, PendingCall call) in _calls)
        {
            if (which(call.Request) && Remove(id) is { } removed)
                removed.SetException(failure(removed));
        }
    }

    public IEnumerable<PendingCall> Overdue(long now)
    {
        foreach ((_, PendingCall call) in _calls)
        {
            if (call.Request.Deadline <= now)
                yield return call;
        }
    }
}
