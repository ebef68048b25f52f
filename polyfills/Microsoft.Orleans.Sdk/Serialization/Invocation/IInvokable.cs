using System.Reflection;

namespace Orleans.Serialization.Invocation;

/// <summary>One call of a grain method: what a call filter sees of it.</summary>
public interface IInvokable : IDisposable
{
    bool IsCancellable { get; }

    object? GetTarget();

    int GetArgumentCount();

    object? GetArgument(int index);

    void SetArgument(int index, object value);

    string GetMethodName();

    string GetInterfaceName();

    /// <summary>Interface and method, as activities are named.</summary>
    string GetActivityName();

    Type GetInterfaceType();

    MethodInfo GetMethod();

    CancellationToken GetCancellationToken();

    /// <summary>The method's own response timeout, if it has one.</summary>
    TimeSpan? GetDefaultResponseTimeout();
}
