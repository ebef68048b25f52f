using Orleans.Runtime.Invocation;

namespace Orleans.Serialization;

internal sealed class MethodCallCopier(DeepCopier copier) : TypeCopier
{
    public override object Copy(object value, CopyContext context)
    {
        var call = (MethodCall)value;
        var copy = new MethodCall(call.Method, [.. call.Arguments]);

        // The caller's token stays with the caller; a stream is cancelled by its reader.
        if (call.Method.CancellationIndex >= 0)
            copy.Arguments[call.Method.CancellationIndex] = null;
        copier.CopyArguments(copy);
        return copy;
    }
}
