using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime.Invocation;
using Orleans.Serialization;

namespace Orleans.Runtime.Messaging;

/// <summary>A client that is no silo: it sends its requests through the silos that are gateways, in turn.</summary>
internal sealed class ClientRuntime : CallRuntime, IMessageReceiver
{
    private readonly IMessageTransport _transport;
    private readonly IGateways _gateways;
    private uint _turn;

    public ClientRuntime(
        IMessageTransport transport,
        IGateways gateways,
        GrainReferences references,
        DeepCopier copier,
        TimeProvider time,
        IOptions<ClientMessagingOptions> options,
        IEnumerable<IOutgoingGrainCallFilter> filters)
        : base(copier, time, options.Value, filters)
    {
        _transport = transport;
        _gateways = gateways;
        references.Runtime = this;
        Address = SiloAddress.New(System.Net.IPAddress.Loopback, 0, -Random.Shared.Next(1, int.MaxValue));
    }

    public override SiloAddress Address { get; }

    public void Start()
    {
        _transport.Attach(Address, this);
        _gateways.SiloLost += OnSiloLost;
    }

    public void Stop()
    {
        _gateways.SiloLost -= OnSiloLost;
        _transport.Detach(Address);
        FailPending(_ => true, _ => new ObjectDisposedException(nameof(IClusterClient), "The client has stopped."));
    }

    public void Receive(Message message)
    {
        if (message.Kind == MessageKind.Response)
            Complete(message);
    }

    protected override void Route(Message request)
    {
        IReadOnlyList<SiloAddress> gateways = _gateways.Current;
        for (int i = 0; i < gateways.Count; i++)
        {
            if (_transport.TrySend(gateways[(int)(Interlocked.Increment(ref _turn) % (uint)gateways.Count)], request))
                return;
        }

        Complete(request.CreateResponse(null, new SiloUnavailableException("The client has no connection to any silo.")));
    }

    protected override void SendTo(SiloAddress silo, Message message) => _transport.TrySend(silo, message);

    private void OnSiloLost(SiloAddress silo)
        => FailPending(r => silo.Equals(r.TargetSilo), c => new SiloUnavailableException($"Silo {silo}, which had {c.Request}, is gone."));
}
