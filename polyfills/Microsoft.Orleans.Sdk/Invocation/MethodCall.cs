using System.Reflection;
using Orleans.Serialization.Invocation;

namespace Orleans.Runtime.Invocation;

/// <summary>A method and the arguments of one call.</summary>
internal sealed class MethodCall(GrainMethod method, object?[] arguments, bool isCancellable = false) : IInvokable
{
    private CancellationTokenSource? _cancellation;

    public GrainMethod Method { get; } = method;

    public object?[] Arguments { get; } = arguments;

    /// <summary>Whether the caller's token can be cancelled, so that the grain's must be.</summary>
    public bool IsCancellable { get; private set; } = isCancellable;

    /// <summary>The object that the method is called on, once the call has arrived.</summary>
    public object? Target { get; set; }

    /// <summary>On the caller's side: takes the token out, since it stays where it is and the grain gets one of its own.</summary>
    public CancellationToken TakeCancellationToken()
    {
        if (Method.CancellationIndex < 0 || Arguments[Method.CancellationIndex] is not CancellationToken token)
            return default;

        Arguments[Method.CancellationIndex] = null;
        IsCancellable = token.CanBeCanceled;
        return token;
    }

    /// <summary>On the grain's side: puts a token in.</summary>
    public void PutCancellationToken()
    {
        if (Method.CancellationIndex < 0)
            return;

        if (IsCancellable)
            _cancellation ??= new CancellationTokenSource();
        Arguments[Method.CancellationIndex] = _cancellation?.Token ?? CancellationToken.None;
    }

    public void Cancel() => _cancellation?.Cancel();

    public void Dispose() => _cancellation?.Dispose();

    object? IInvokable.GetTarget() => Target;

    public int GetArgumentCount() => Arguments.Length;

    public object? GetArgument(int index) => Arguments[index];

    public void SetArgument(int index, object value) => Arguments[index] = value;

    public string GetMethodName() => Method.Info.Name;

    public string GetInterfaceName() => Method.Interface.Type.FullName!;

    public string GetActivityName() => $"{Method.Interface.Type.Name}/{Method.Info.Name}";

    public Type GetInterfaceType() => Method.Interface.Type;

    public MethodInfo GetMethod() => Method.Info;

    public CancellationToken GetCancellationToken()
        => Method.CancellationIndex >= 0 && Arguments[Method.CancellationIndex] is CancellationToken token ? token : default;

    public TimeSpan? GetDefaultResponseTimeout() => Method.ResponseTimeout;

    public override string ToString() => GetActivityName();
}
