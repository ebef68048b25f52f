using System.Reflection;
using Orleans.Runtime.Activations;
using Orleans.Runtime.Messaging;
using Orleans.Serialization.Invocation;

namespace Orleans.Runtime.Filters;

/// <summary>A call on its way through the incoming filters.</summary>
internal sealed class IncomingCall(Activation activation, Message request, object target, IIncomingGrainCallFilter[] filters) : IIncomingGrainCallContext
{
    private int _next;
    private object? _result;
    private bool _hasResult;

    public IInvokable Request => request.Call!;

    public object Grain => activation.GrainInstance!;

    public GrainId? SourceId => request.Sender;

    public GrainId TargetId => request.Target;

    public GrainInterfaceType InterfaceType => request.Call!.Method.Interface.Name;

    public string InterfaceName => Request.GetInterfaceName();

    public string MethodName => Request.GetMethodName();

    public MethodInfo InterfaceMethod => Request.GetMethod();

    public MethodInfo ImplementationMethod
    {
        get
        {
            InterfaceMapping map = target.GetType().GetInterfaceMap(InterfaceMethod.DeclaringType!);
            return map.TargetMethods[Array.IndexOf(map.InterfaceMethods, InterfaceMethod)];
        }
    }

    public IGrainContext TargetContext => activation;

    public object? Result
    {
        get => _result;
        set
        {
            _result = value;
            _hasResult = true;
        }
    }

    public async Task Invoke()
    {
        if (_next < filters.Length)
            await filters[_next++].Invoke(this);
        else
            Result = await request.Call!.Method.Return.AwaitAsync(request.Call.Method.Invoke(target, request.Call.Arguments));
    }

    public async Task<object?> RunAsync()
    {
        await Invoke();
        return _hasResult ? Result : throw new InvalidOperationException($"A filter of {MethodName} neither invoked the call nor set its result.");
    }
}
