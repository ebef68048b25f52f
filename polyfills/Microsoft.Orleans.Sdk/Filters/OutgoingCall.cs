using System.Reflection;
using Orleans.Runtime.Invocation;
using Orleans.Runtime.Messaging;
using Orleans.Runtime.Scheduling;
using Orleans.Serialization.Invocation;

namespace Orleans.Runtime.Filters;

/// <summary>A call on its way through the outgoing filters.</summary>
internal sealed class OutgoingCall(CallRuntime runtime, GrainReference target, MethodCall call, IOutgoingGrainCallFilter[] filters) : IOutgoingGrainCallContext
{
    private int _next;

    public IInvokable Request => call;

    public object Grain => target;

    public IGrainContext? SourceContext { get; } = GrainTaskScheduler.CurrentContext;

    public GrainId? SourceId => SourceContext?.GrainId;

    public GrainId TargetId => target.GrainId;

    public GrainInterfaceType InterfaceType => call.Method.Interface.Name;

    public string InterfaceName => call.GetInterfaceName();

    public string MethodName => call.GetMethodName();

    public MethodInfo InterfaceMethod => call.GetMethod();

    public object? Result { get; set; }

    public async Task Invoke()
    {
        if (_next < filters.Length)
        {
            await filters[_next++].Invoke(this);
            return;
        }

        var response = new PendingCall<object?>();
        runtime.Send(target, call, response);
        Result = await response.Task;
    }

    public async Task RunAsync(PendingCall pending)
    {
        try
        {
            await Invoke();
            pending.SetResult(Result);
        }
        catch (Exception exception)
        {
            pending.SetException(exception);
        }
    }
}
