namespace Orleans.Runtime;

/// <summary>The activation whose turn is running; null outside of grains.</summary>
public interface IGrainContextAccessor
{
    IGrainContext? GrainContext { get; }
}
