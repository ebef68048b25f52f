using Orleans.Runtime.Messaging;

namespace Orleans.Runtime.Scheduling;

/// <summary>
/// Runs the turns of one activation one after the other on the thread pool. What a turn awaits goes on here too, because this is the current scheduler of its
/// tasks.
/// </summary>
internal sealed class GrainTaskScheduler(IGrainContext context, CallRuntime runtime) : TaskScheduler, IThreadPoolWorkItem
{
    private const int QuantumMs = 100;

    private readonly Queue<Task> _tasks = new();
    private bool _isScheduled;

    public IGrainContext Context { get; } = context;

    public CallRuntime Runtime { get; } = runtime;

    public static new GrainTaskScheduler? Current => TaskScheduler.Current as GrainTaskScheduler;

    /// <summary>The activation whose turn runs on this thread.</summary>
    public static IGrainContext? CurrentContext => Current?.Context;

    public override int MaximumConcurrencyLevel => 1;

    /// <summary>Runs a piece of work as a turn. Nothing of the caller's context flows into it.</summary>
    public void Post(Action<object?> work, object? state)
    {
        if (ExecutionContext.IsFlowSuppressed())
        {
            Start(work, state);
            return;
        }

        using (ExecutionContext.SuppressFlow())
            Start(work, state);
    }

    void IThreadPoolWorkItem.Execute()
    {
        long start = Environment.TickCount64;
        while (TryDequeue(out Task? task))
        {
            TryExecuteTask(task);
            if (Environment.TickCount64 - start > QuantumMs)
            {
                Reschedule();
                return;
            }
        }
    }

    protected override void QueueTask(Task task)
    {
        lock (_tasks)
        {
            _tasks.Enqueue(task);
            if (_isScheduled)
                return;

            _isScheduled = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: true);
    }

    // Inlining is safe within a turn of this activation only, and only for work that is not in the queue already.
    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued)
        => !taskWasPreviouslyQueued && ReferenceEquals(TaskScheduler.Current, this) && TryExecuteTask(task);

    private void Start(Action<object?> work, object? state) => new Task(work, state, CancellationToken.None, TaskCreationOptions.DenyChildAttach).Start(this);

    protected override IEnumerable<Task> GetScheduledTasks()
    {
        lock (_tasks)
            return [.. _tasks];
    }

    private bool TryDequeue([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Task? task)
    {
        lock (_tasks)
            return _isScheduled = _tasks.TryDequeue(out task);
    }

    private void Reschedule()
    {
        lock (_tasks)
        {
            if (_tasks.Count == 0)
            {
                _isScheduled = false;
                return;
            }
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }
}
