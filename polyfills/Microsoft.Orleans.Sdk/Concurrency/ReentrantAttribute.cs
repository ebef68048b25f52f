namespace Orleans.Concurrency;

/// <summary>Every call of this grain class may start while others wait for something; still one turn at a time.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class ReentrantAttribute : Attribute;
