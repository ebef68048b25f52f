using Orleans.Runtime.Invocation;

namespace Orleans.Runtime.Messaging;

/// <summary>What travels between the caller of a grain and the grain.</summary>
internal sealed class Message : IActivationWork
{
    public required MessageKind Kind { get; init; }

    /// <summary>The sender's number for the request; its response and its cancellation carry the same.</summary>
    public required long Id { get; init; }

    public required GrainId Target { get; init; }

    public required SiloAddress SendingSilo { get; init; }

    /// <summary>The grain or client that calls.</summary>
    public GrainId Sender { get; init; }

    /// <summary>Where the request was sent last; null before it has an address.</summary>
    public SiloAddress? TargetSilo { get; set; }

    /// <summary>How often the request was sent on because its activation was not where it was looked for.</summary>
    public int ForwardCount { get; set; }

    public MethodCall? Call { get; init; }

    public Dictionary<string, object>? RequestContext { get; init; }

    /// <summary>The sender's timestamp after which nobody waits for the response; a request that has not started by then is dropped.</summary>
    public long Deadline { get; init; } = long.MaxValue;

    public object? Result { get; init; }

    public Exception? Exception { get; init; }

    /// <summary>Set by the sender when its token is cancelled before the request has an address.</summary>
    public bool IsCancelled { get; set; }

    public bool IsReadOnly => Call!.Method.IsReadOnly;

    public bool AlwaysInterleaves => Call!.Method.AlwaysInterleaves;

    public bool KeepsAlive => true;

    public Guid ReentrancyId => Runtime.RequestContext.ReentrancyIdOf(RequestContext);

    public Message CreateResponse(object? result, Exception? exception) => new()
    {
        Kind = MessageKind.Response,
        Id = Id,
        Target = Sender,
        SendingSilo = TargetSilo ?? SiloAddress.Zero,
        TargetSilo = SendingSilo,
        Result = result,
        Exception = exception,
    };

    public override string ToString() => $"{Kind} {Id} from {SendingSilo} to {Target} on {TargetSilo} ({Call})";
}
