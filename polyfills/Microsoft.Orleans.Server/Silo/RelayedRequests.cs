using System.Collections.Concurrent;
using Orleans.Runtime.Messaging;

namespace Orleans.Runtime;

/// <summary>Requests of clients that this silo has sent on to another one and that were not answered yet, as far as it knows.</summary>
internal sealed class RelayedRequests
{
    private readonly ConcurrentDictionary<(SiloAddress Client, long Id), Message> _requests = new();

    public void Add(Message request)
    {
        if (request.Kind == MessageKind.Request)
            _requests[(request.SendingSilo, request.Id)] = request;
    }

    public Message? Find(SiloAddress client, long id) => _requests.GetValueOrDefault((client, id));

    public void Remove(SiloAddress client, long id) => _requests.TryRemove((client, id), out _);

    /// <summary>Takes those out that a silo has, or that a client has made.</summary>
    public IEnumerable<Message> TakeOf(SiloAddress peer)
    {
        foreach (((SiloAddress Client, long Id) key, Message request) in _requests)
        {
            if ((peer.Equals(request.TargetSilo) || peer.Equals(key.Client)) && _requests.TryRemove(key, out _))
                yield return request;
        }
    }

    /// <summary>Forgets those that nobody waits for any more; their answers may have gone to the client directly.</summary>
    public void Expire(long now)
    {
        foreach (((SiloAddress, long) key, Message request) in _requests)
        {
            if (request.Deadline < now)
                _requests.TryRemove(key, out _);
        }
    }
}
