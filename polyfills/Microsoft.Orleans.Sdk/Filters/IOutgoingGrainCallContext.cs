using Orleans.Runtime;

namespace Orleans;

public interface IOutgoingGrainCallContext : IGrainCallContext
{
    /// <summary>The activation that calls; null when the caller is no grain.</summary>
    IGrainContext? SourceContext { get; }
}
