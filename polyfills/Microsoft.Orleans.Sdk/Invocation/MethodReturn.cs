using Orleans.Streaming;

namespace Orleans.Runtime.Invocation;

/// <summary>What kind of thing a grain method returns, and how to await it.</summary>
internal abstract class MethodReturn
{
    /// <summary>The type of the awaited result; null for none.</summary>
    public virtual Type? ResultType => null;

    /// <summary>The name of the method of <see cref="GrainReference"/> that makes such a call.</summary>
    public abstract string CallerName { get; }

    public static MethodReturn? For(Type type)
    {
        if (type == typeof(void))
            return new VoidReturn();
        if (type == typeof(Task))
            return new TaskReturn();
        if (type == typeof(ValueTask))
            return new ValueTaskReturn();
        if (!type.IsGenericType)
            return null;

        Type definition = type.GetGenericTypeDefinition();
        Type? adapter = definition == typeof(Task<>) ? typeof(TaskReturn<>)
            : definition == typeof(ValueTask<>) ? typeof(ValueTaskReturn<>)
            : definition == typeof(IAsyncEnumerable<>) ? typeof(StreamReturn<>)
            : null;
        return adapter is null ? null : (MethodReturn)Activator.CreateInstance(adapter.MakeGenericType(type.GenericTypeArguments))!;
    }

    /// <summary>For streams: the grain's side of an enumeration of what the method has returned.</summary>
    public virtual StreamSource CreateSource(object stream, int maxBatchSize, CancellationTokenSource cancellation)
        => throw new InvalidOperationException("Only the result of a method that returns IAsyncEnumerable is enumerated.");

    /// <summary>Awaits what the method has returned.</summary>
    public abstract ValueTask<object?> AwaitAsync(object? returned);

    private sealed class VoidReturn : MethodReturn
    {
        public override string CallerName => nameof(GrainReference.CallOneWay);

        public override ValueTask<object?> AwaitAsync(object? returned) => default;
    }

    private sealed class TaskReturn : MethodReturn
    {
        public override string CallerName => nameof(GrainReference.CallTask);

        public override ValueTask<object?> AwaitAsync(object? returned) => returned is null or Task { IsCompletedSuccessfully: true } ? default : SlowAsync((Task)returned);

        private static async ValueTask<object?> SlowAsync(Task task)
        {
            await task;
            return null;
        }
    }

    private sealed class ValueTaskReturn : MethodReturn
    {
        public override string CallerName => nameof(GrainReference.CallValueTask);

        public override async ValueTask<object?> AwaitAsync(object? returned)
        {
            await (ValueTask)returned!;
            return null;
        }
    }

    private sealed class TaskReturn<T> : MethodReturn
    {
        public override Type ResultType => typeof(T);

        public override string CallerName => nameof(GrainReference.CallTaskOf);

        public override ValueTask<object?> AwaitAsync(object? returned)
        {
            var task = (Task<T>)returned!;
            return task.IsCompletedSuccessfully ? new ValueTask<object?>(task.Result) : SlowAsync(task);
        }

        private static async ValueTask<object?> SlowAsync(Task<T> task) => await task;
    }

    private sealed class ValueTaskReturn<T> : MethodReturn
    {
        public override Type ResultType => typeof(T);

        public override string CallerName => nameof(GrainReference.CallValueTaskOf);

        public override ValueTask<object?> AwaitAsync(object? returned)
        {
            var task = (ValueTask<T>)returned!;
            return task.IsCompletedSuccessfully ? new ValueTask<object?>(task.Result) : SlowAsync(task);
        }

        private static async ValueTask<object?> SlowAsync(ValueTask<T> task) => await task;
    }

    private sealed class StreamReturn<T> : MethodReturn
    {
        public override Type ResultType => typeof(T);

        public override string CallerName => nameof(GrainReference.CallStream);

        public override StreamSource CreateSource(object stream, int maxBatchSize, CancellationTokenSource cancellation)
            => new StreamSource<T>((IAsyncEnumerable<T>)stream, maxBatchSize, cancellation);

        // Streams are pulled step by step through IAsyncEnumerableGrainExtension; the method itself is never awaited.
        public override ValueTask<object?> AwaitAsync(object? returned) => throw new InvalidOperationException("A stream is not awaited.");
    }
}
