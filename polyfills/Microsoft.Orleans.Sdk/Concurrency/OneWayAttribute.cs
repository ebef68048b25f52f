namespace Orleans.Concurrency;

/// <summary>The caller's task completes when the request is sent; results and failures do not come back.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OneWayAttribute : Attribute;
