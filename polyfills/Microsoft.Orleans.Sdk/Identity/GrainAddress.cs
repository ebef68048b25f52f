namespace Orleans.Runtime;

/// <summary>Where an activation of a grain is.</summary>
[Immutable]
public sealed record GrainAddress
{
    public GrainId GrainId { get; init; }

    public ActivationId ActivationId { get; init; }

    public SiloAddress? SiloAddress { get; init; }

    public MembershipVersion MembershipVersion { get; init; } = MembershipVersion.MinValue;

    public override string ToString() => $"[{nameof(GrainAddress)} GrainId {GrainId}, ActivationId: {ActivationId}, SiloAddress: {SiloAddress}]";
}
