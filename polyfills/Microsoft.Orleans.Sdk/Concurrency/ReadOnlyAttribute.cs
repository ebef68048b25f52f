namespace Orleans.Concurrency;

/// <summary>Calls of methods with this attribute may interleave with each other, not with other calls.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ReadOnlyAttribute : Attribute;
