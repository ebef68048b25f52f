namespace Orleans.Runtime.Invocation;

/// <summary>The class of references by one interface.</summary>
internal sealed class ProxyClass(GrainInterface grainInterface, Func<GrainReferenceShared, IdSpan, GrainReference> create)
{
    public GrainInterface Interface { get; } = grainInterface;

    public Func<GrainReferenceShared, IdSpan, GrainReference> Create { get; } = create;
}
