using System.Diagnostics;
using Orleans.Runtime;

namespace OrleansLM.Contracts.Diagnostics;

/// <summary>
/// Carries a trace over a grain call: grains run in a context of their own, so the caller's span goes with the call as <c>traceparent</c>, in the form of
/// W3C Trace Context. Nothing is carried while nobody listens.
/// </summary>
public static class TraceContext
{
    private const string Key = "traceparent";

    /// <summary>Grain calls from here on belong to the span; null: to none.</summary>
    public static void Send(Activity? span)
    {
        if (span?.Id is { } id)
        {
            RequestContext.Set(Key, id);
        }
    }

    /// <summary>The caller's span; default when it sent none.</summary>
    public static ActivityContext Received() =>
        RequestContext.Get(Key) is string id && ActivityContext.TryParse(id, traceState: null, isRemote: true, out var parent) ? parent : default;
}
