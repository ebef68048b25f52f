using System.Collections.Concurrent;
using Orleans.Runtime.Invocation;

namespace Orleans.Serialization;

/// <summary>
/// Copies what crosses a grain call, so that caller and grain never share an object that one of them may change, and refuses types that could not cross a process
/// boundary either. Immutable values are passed as they are.
/// </summary>
internal sealed class DeepCopier
{
    private readonly ConcurrentDictionary<Type, TypeCopier> _copiers = new();
    private readonly TypeCopierFactory _factory;

    public DeepCopier() => _factory = new TypeCopierFactory(this);

    public object? Copy(object? value)
    {
        if (value is null)
            return null;

        TypeCopier copier = For(value.GetType());
        return copier.IsShallow ? value : copier.Copy(value, new CopyContext(this));
    }

    /// <summary>Replaces the arguments by copies; those of [Immutable] parameters stay as they are.</summary>
    public void CopyArguments(MethodCall call)
    {
        object?[] arguments = call.Arguments;
        CopyContext? context = null;
        for (int i = 0; i < arguments.Length; i++)
        {
            if (arguments[i] is not { } argument)
                continue;

            TypeCopier copier = For(argument.GetType());
            if (!copier.IsShallow && !call.Method.PassesUncopied[i])
                arguments[i] = (context ??= new CopyContext(this)).Copy(argument, copier);
        }
    }

    public object? CopyResult(GrainMethod method, object? result)
    {
        if (result is null)
            return null;

        TypeCopier copier = For(result.GetType());
        return copier.IsShallow || method.ReturnsUncopied ? result : copier.Copy(result, new CopyContext(this));
    }

    public Dictionary<string, object>? CopyRequestContext(Dictionary<string, object>? values)
    {
        if (values is null)
            return null;

        foreach (object value in values.Values)
        {
            if (!For(value.GetType()).IsShallow)
                return (Dictionary<string, object>)Copy(values)!;
        }

        // The dictionaries of a request context are never changed, only replaced.
        return values;
    }

    /// <summary>The copier of a type. Throws <see cref="CodecNotFoundException"/> for a type that cannot cross a call.</summary>
    public TypeCopier For(Type type) => _copiers.TryGetValue(type, out TypeCopier? copier) ? copier : _copiers.GetOrAdd(type, _factory.Create(type));
}
