using Orleans.Runtime.Invocation;
using Orleans.Runtime.Messaging;

namespace Orleans.Runtime;

/// <summary>What references to grains of one type by one interface have in common.</summary>
public sealed class GrainReferenceShared
{
    internal GrainReferenceShared(GrainReferences references, GrainInterface grainInterface, GrainType grainType)
    {
        References = references;
        Interface = grainInterface;
        GrainType = grainType;
    }

    public GrainType GrainType { get; }

    internal GrainReferences References { get; }

    internal CallRuntime Runtime => References.Runtime;

    internal GrainInterface Interface { get; }
}
