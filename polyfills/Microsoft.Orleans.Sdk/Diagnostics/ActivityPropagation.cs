using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace Orleans.Runtime.Diagnostics;

/// <summary>Carries the W3C trace context of calls in the request context, with an activity on either side.</summary>
internal static class ActivityPropagation
{
    public const string SourceName = "Microsoft.Orleans.Application";
    public const string TraceParentKey = "traceparent";
    public const string TraceStateKey = "tracestate";

    public static readonly ActivitySource Source = new(SourceName);

    public static void AddActivityPropagation(this IServiceCollection services)
    {
        services.AddSingleton<IOutgoingGrainCallFilter, OutgoingActivityFilter>();
        services.AddSingleton<IIncomingGrainCallFilter, IncomingActivityFilter>();
    }

    public static async Task RunAsync(Activity? activity, IGrainCallContext context)
    {
        Describe(activity, context);
        try
        {
            await context.Invoke();
            activity?.SetStatus(ActivityStatusCode.Ok);
        }
        catch (Exception exception)
        {
            activity?.SetStatus(ActivityStatusCode.Error, exception.Message);
            throw;
        }
        finally
        {
            activity?.Dispose();
        }
    }

    private static void Describe(Activity? activity, IGrainCallContext context)
    {
        if (activity is not { IsAllDataRequested: true })
            return;

        activity.SetTag("rpc.system", "orleans");
        activity.SetTag("rpc.service", context.InterfaceName);
        activity.SetTag("rpc.method", context.MethodName);
        activity.SetTag("rpc.orleans.target_id", context.TargetId.ToString());
    }
}
