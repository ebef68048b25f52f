using System.Collections.Concurrent;
using Orleans.Runtime.Messaging;

namespace Orleans.Runtime.Clustering.InProcess;

/// <summary>Hands messages over by reference; what must not be shared in them was copied by the sender.</summary>
internal sealed class InProcessTransport : IMessageTransport
{
    private readonly ConcurrentDictionary<SiloAddress, IMessageReceiver> _receivers = new();

    public Task AttachAsync(SiloAddress address, IMessageReceiver receiver, CancellationToken cancellation)
    {
        _receivers[address] = receiver;
        return Task.CompletedTask;
    }

    public Task DetachAsync(SiloAddress address)
    {
        CutOff(address);
        return Task.CompletedTask;
    }

    public void CutOff(SiloAddress address) => _receivers.TryRemove(address, out _);

    public Task LeaveAsync() => Task.CompletedTask;

    public Task ForgetAsync(SiloAddress silo) => Task.CompletedTask;

    public bool TrySend(SiloAddress destination, Message message)
    {
        // A silo that was cut off is not heard any more either.
        if (!_receivers.TryGetValue(destination, out IMessageReceiver? receiver) || !_receivers.ContainsKey(message.SendingSilo))
            return false;

        receiver.Receive(message);
        return true;
    }
}
