using System.Diagnostics;
using Orleans.Streaming;

namespace Orleans.Runtime.Diagnostics;

internal sealed class OutgoingActivityFilter : IOutgoingGrainCallFilter
{
    public Task Invoke(IOutgoingGrainCallContext context)
    {
        // The steps of a stream belong to the call that began it.
        bool isStep = context.InterfaceMethod.DeclaringType == typeof(IAsyncEnumerableGrainExtension);
        Activity? activity = isStep ? null : ActivityPropagation.Source.StartActivity(context.Request.GetActivityName(), ActivityKind.Client);
        Inject(activity ?? Activity.Current);
        return ActivityPropagation.RunAsync(activity, context);
    }

    private static void Inject(Activity? current)
    {
        if (current?.IdFormat != ActivityIdFormat.W3C || current.Id is null)
            return;

        RequestContext.Set(ActivityPropagation.TraceParentKey, current.Id);
        if (current.TraceStateString is { } state)
            RequestContext.Set(ActivityPropagation.TraceStateKey, state);
        else
            RequestContext.Remove(ActivityPropagation.TraceStateKey);
    }
}
