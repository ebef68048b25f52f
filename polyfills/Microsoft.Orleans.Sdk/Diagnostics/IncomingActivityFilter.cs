using System.Diagnostics;
using Orleans.Streaming;

namespace Orleans.Runtime.Diagnostics;

internal sealed class IncomingActivityFilter : IIncomingGrainCallFilter
{
    public Task Invoke(IIncomingGrainCallContext context)
    {
        var state = RequestContext.Get(ActivityPropagation.TraceStateKey) as string;
        ActivityContext.TryParse(RequestContext.Get(ActivityPropagation.TraceParentKey) as string, state, isRemote: true, out ActivityContext parent);
        Activity? activity = IsPull(context) ? null : ActivityPropagation.Source.StartActivity(NameOf(context), ActivityKind.Server, parent);
        return ActivityPropagation.RunAsync(activity, context);
    }

    private static bool IsPull(IIncomingGrainCallContext context)
        => context.InterfaceMethod.DeclaringType == typeof(IAsyncEnumerableGrainExtension) && context.MethodName != nameof(IAsyncEnumerableGrainExtension.StartEnumeration);

    private static string NameOf(IIncomingGrainCallContext context)
        => context.Request.GetArgumentCount() > 1 && context.Request.GetArgument(1) is Invocation.MethodCall stream ? stream.GetActivityName() : context.Request.GetActivityName();
}
