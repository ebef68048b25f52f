namespace Orleans;

/// <summary>Marks a type that may cross a grain call. Each of its fields needs an <see cref="IdAttribute"/> or <see cref="NonSerializedAttribute"/>.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Enum)]
public sealed class GenerateSerializerAttribute : Attribute
{
    public GenerateFieldIds GenerateFieldIds { get; init; }

    /// <summary>Whether primary constructor parameters get ids by their position; the default is true for records and false for other types.</summary>
    public bool IncludePrimaryConstructorParameters { get; init; }
}
