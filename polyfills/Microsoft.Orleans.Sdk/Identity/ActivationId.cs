namespace Orleans.Runtime;

/// <summary>Tells one activation of a grain from another.</summary>
[Immutable]
public readonly record struct ActivationId(Guid Key)
{
    public bool IsDefault => Key == Guid.Empty;

    public static ActivationId NewId() => new(Guid.NewGuid());

    public override string ToString() => $"@{Key:N}";
}
