using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime.Invocation;
using Orleans.Serialization;

namespace Orleans.Runtime.Messaging;

/// <summary>A client that is no silo: it sends its requests through the silos that are gateways, to the grain's own one where it is known, else in turn.</summary>
internal sealed class ClientRuntime : CallRuntime, IMessageReceiver
{
    private const int MaxKnownGrains = 100_000;

    private readonly ConcurrentDictionary<GrainId, SiloAddress> _gatewayOfGrain = new();
    private readonly IMessageTransport _transport;
    private readonly IGateways _gateways;
    private uint _turn;

    public ClientRuntime(
        IMessageTransport transport,
        IGateways gateways,
        GrainReferences references,
        DeepCopier copier,
        MessageCodec codec,
        TimeProvider time,
        IOptions<ClientMessagingOptions> options,
        IEnumerable<IOutgoingGrainCallFilter> filters)
        : base(copier, codec, time, options.Value, filters)
    {
        _transport = transport;
        _gateways = gateways;
        references.Runtime = this;
        Address = SiloAddress.New(System.Net.IPAddress.Loopback, 0, -Random.Shared.Next(1, int.MaxValue));
    }

    public override SiloAddress Address { get; }

    public async Task StartAsync(CancellationToken cancellation)
    {
        await _transport.AttachAsync(Address, this, cancellation);
        _gateways.SiloLost += OnGatewayLost;
        await _gateways.StartAsync(cancellation);
    }

    public async Task StopAsync()
    {
        await _gateways.StopAsync();
        _gateways.SiloLost -= OnGatewayLost;
        await _transport.DetachAsync(Address);
        FailPending(_ => true, _ => new ObjectDisposedException(nameof(IClusterClient), "The client has stopped."));
    }

    public void Receive(Message message)
    {
        if (message.Kind == MessageKind.Response)
            Complete(message);
        else if (message is { Kind: MessageKind.Moved, TargetSilo: { } silo } && _gateways.GatewayOf(silo) is { } gateway)
            OnMoved(message, gateway);
    }

    public void OnUnsent(Message message, Exception reason)
    {
        if (++message.ForwardCount <= _gateways.Current.Count)
            Route(message);
        else
            OnRefused(message, new SiloUnavailableException($"{message} could not be sent to any gateway.", reason));
    }

    public void OnRefused(Message message, Exception reason) => Complete(message.CreateResponse(null, reason));

    public void OnDisconnected(SiloAddress peer, Exception? reason) => OnGatewayLost(peer);

    public string? WhyRefused(SiloAddress peer) => null;

    public void OnDisowned(SiloAddress by)
    {
    }

    protected override void Route(Message request)
    {
        if (_gatewayOfGrain.TryGetValue(request.Target, out SiloAddress? known) && TrySend(known, request))
            return;

        IReadOnlyList<SiloAddress> gateways = _gateways.Current;
        for (int i = 0; i < gateways.Count; i++)
        {
            if (TrySend(gateways[(int)(Interlocked.Increment(ref _turn) % (uint)gateways.Count)], request))
                return;
        }

        OnRefused(request, new SiloUnavailableException("The client has no connection to any silo."));
    }

    protected override void SendTo(SiloAddress silo, Message message) => _transport.TrySend(silo, message);

    private bool TrySend(SiloAddress gateway, Message request)
    {
        if (!_transport.TrySend(gateway, request))
            return false;

        lock (request)
            request.TargetSilo ??= gateway;
        return true;
    }

    private void OnMoved(Message moved, SiloAddress gateway)
    {
        SetMoved(Pending.Find(moved.Id), gateway);
        if (_gatewayOfGrain.Count >= MaxKnownGrains)
            _gatewayOfGrain.Clear();
        _gatewayOfGrain[moved.Target] = gateway;
    }

    private void OnGatewayLost(SiloAddress gateway)
    {
        foreach (KeyValuePair<GrainId, SiloAddress> known in _gatewayOfGrain.Where(k => k.Value.Equals(gateway)))
            _gatewayOfGrain.TryRemove(known);
        FailPending(r => gateway.Equals(r.TargetSilo), c => new SiloUnavailableException($"Silo {gateway}, which had {c.Request}, is gone."));
    }
}
