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

    /// <summary>The silo through which a client's request came, and through which the response can go.</summary>
    public SiloAddress? Via { get; set; }

    /// <summary>Whether the silo was chosen for a new activation; otherwise the grain's activation was known to be there.</summary>
    public bool IsPlaced { get; set; }

    /// <summary>How often the request was sent on because its activation was not where it was looked for.</summary>
    public int ForwardCount { get; set; }

    public MethodCall? Call { get; set; }

    public Dictionary<string, object>? RequestContext { get; set; }

    /// <summary>The local timestamp after which nobody waits for the response; a request that has not started by then is dropped.</summary>
    public long Deadline { get; init; } = long.MaxValue;

    public object? Result { get; set; }

    public Exception? Exception { get; set; }

    /// <summary>The content as it came from another process, until somebody needs to know it.</summary>
    public ReadOnlyMemory<byte>? Body { get; set; }

    /// <summary>Set by the sender when its token is cancelled before the request has an address.</summary>
    public bool IsCancelled { get; set; }

    public bool IsRequest => Kind is MessageKind.Request or MessageKind.OneWay;

    /// <summary>Whether a silo itself is to answer, rather than a grain.</summary>
    public bool IsSystem => Target.Type.ToString() is { } type && (type.StartsWith("sys.silo", StringComparison.Ordinal) || type.StartsWith("sys.gateway", StringComparison.Ordinal));

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
        Via = Via,
        Result = result,
        Exception = exception,
    };

    public override string ToString() => $"{Kind} {Id} from {SendingSilo} to {Target} on {TargetSilo?.ToString() ?? "no silo yet"} ({Call?.ToString() ?? "not read"})";
}
