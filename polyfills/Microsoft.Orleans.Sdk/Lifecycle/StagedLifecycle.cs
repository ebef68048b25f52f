namespace Orleans;

/// <summary>Runs the observers of a stage together, and the stages one after the other.</summary>
internal abstract class StagedLifecycle : ILifecycleObservable
{
    private readonly List<Subscription> _subscriptions = [];
    private int? _highestStarted;

    public IDisposable Subscribe(string observerName, int stage, ILifecycleObserver observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        var subscription = new Subscription(this, observerName, stage, observer);
        lock (_subscriptions)
            _subscriptions.Add(subscription);
        return subscription;
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (IGrouping<int, Subscription> stage in Stages().OrderBy(s => s.Key))
        {
            cancellationToken.ThrowIfCancellationRequested();
            _highestStarted = stage.Key;
            await Task.WhenAll(stage.Select(s => Call(() => s.Observer.OnStart(cancellationToken))));
            OnStageStarted(stage.Key);
        }
    }

    /// <summary>Stops the stages that were started; the failure of an observer does not keep the others from stopping.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        foreach (IGrouping<int, Subscription> stage in Stages().Where(s => s.Key <= _highestStarted).OrderByDescending(s => s.Key))
        {
            await Task.WhenAll(stage.Select(s => StopOneAsync(s, cancellationToken)));
            OnStageStopped(stage.Key);
        }

        _highestStarted = null;
    }

    protected virtual void OnStageStarted(int stage)
    {
    }

    protected virtual void OnStageStopped(int stage)
    {
    }

    protected abstract void OnStopFailed(string observerName, int stage, Exception exception);

    private async Task StopOneAsync(Subscription subscription, CancellationToken cancellationToken)
    {
        try
        {
            await Call(() => subscription.Observer.OnStop(cancellationToken));
        }
        catch (Exception exception)
        {
            OnStopFailed(subscription.Name, subscription.Stage, exception);
        }
    }

    private static async Task Call(Func<Task> observer) => await observer();

    private List<IGrouping<int, Subscription>> Stages()
    {
        lock (_subscriptions)
            return [.. _subscriptions.GroupBy(s => s.Stage)];
    }

    private sealed class Subscription(StagedLifecycle owner, string name, int stage, ILifecycleObserver observer) : IDisposable
    {
        public string Name { get; } = name;

        public int Stage { get; } = stage;

        public ILifecycleObserver Observer { get; } = observer;

        public void Dispose()
        {
            lock (owner._subscriptions)
                owner._subscriptions.Remove(this);
        }
    }
}
