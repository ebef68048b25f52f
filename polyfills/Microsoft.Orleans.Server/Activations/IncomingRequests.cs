using Orleans.Runtime.Filters;
using Orleans.Runtime.Invocation;
using Orleans.Runtime.Messaging;

namespace Orleans.Runtime.Activations;

/// <summary>Runs requests on the grain object, through the incoming filters, and answers them.</summary>
internal sealed class IncomingRequests(Activation activation, ActivationHost host)
{
    private IIncomingGrainCallFilter[]? _filters;

    public async Task RunAsync(Message request)
    {
        if (request.Deadline < host.Time.GetTimestamp())
        {
            host.LogRequestExpired(request);
            return;
        }

        try
        {
            RequestContext.Import(request.RequestContext);
            request.Call!.PutCancellationToken();
            object? result = await InvokeAsync(request);
            Respond(request, host.Copier.CopyResult(request.Call.Method, result), null);
        }
        catch (Exception exception)
        {
            Respond(request, null, exception);
        }
    }

    private ValueTask<object?> InvokeAsync(Message request)
    {
        MethodCall call = request.Call!;
        object target = call.Method.Interface.IsExtension ? activation.Streams : activation.GrainInstance!;
        call.Target = target;
        IIncomingGrainCallFilter[] filters = _filters ??= Filters();
        return filters.Length == 0 ? Call(call, target) : new ValueTask<object?>(new IncomingCall(activation, request, target, filters).RunAsync());
    }

    private static ValueTask<object?> Call(MethodCall call, object target) => call.Method.Return.AwaitAsync(call.Method.Invoke(target, call.Arguments));

    // The silo's filters first, then the grain's own.
    private IIncomingGrainCallFilter[] Filters()
        => activation.GrainInstance is IIncomingGrainCallFilter own ? [.. host.IncomingFilters, own] : host.IncomingFilters;

    private void Respond(Message request, object? result, Exception? exception)
    {
        if (request.Kind == MessageKind.OneWay)
        {
            if (exception is not null)
                host.LogOneWayFailed(request, exception);
            return;
        }

        host.Runtime.Respond(request, result, exception);
    }
}
