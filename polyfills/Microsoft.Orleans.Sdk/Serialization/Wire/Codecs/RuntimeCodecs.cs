using Orleans.Runtime;
using Orleans.Runtime.Invocation;
using Orleans.Streaming;

namespace Orleans.Serialization;

/// <summary>Codecs of the runtime's own types.</summary>
internal static class RuntimeCodecs
{
    public static WireCodec? TryCreate(Type type, WireCodecs codecs, GrainReferences references, GrainInterfaces interfaces)
    {
        if (type == typeof(GrainReference))
            return new GrainReferenceCodec(references, interfaces);
        if (type == typeof(MethodCall))
            return new MethodCallCodec(codecs, interfaces);
        if (type == typeof(EnumerationStep))
            return new EnumerationStepCodec(codecs);
        if (type == typeof(Type))
            return new TypeCodec(codecs.Names);

        return typeof(Exception).IsAssignableFrom(type) ? new ExceptionCodec(codecs) : null;
    }
}
