namespace Orleans.Runtime;

/// <summary>Tells one activation of a grain from another.</summary>
[Immutable]
public readonly struct ActivationId : IEquatable<ActivationId>
{
    private readonly Guid _key;

    private ActivationId(Guid key) => _key = key;

    public bool IsDefault => _key == Guid.Empty;

    internal Guid Value => _key;

    internal static ActivationId FromValue(Guid value) => new(value);

    public static ActivationId NewId() => new(Guid.NewGuid());

    public bool Equals(ActivationId other) => _key == other._key;

    public override bool Equals(object? obj) => obj is ActivationId other && Equals(other);

    public override int GetHashCode() => _key.GetHashCode();

    public static bool operator ==(ActivationId left, ActivationId right) => left.Equals(right);

    public static bool operator !=(ActivationId left, ActivationId right) => !left.Equals(right);

    public override string ToString() => $"@{_key:N}";
}
