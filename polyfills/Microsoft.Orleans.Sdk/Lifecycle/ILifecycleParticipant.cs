namespace Orleans;

/// <summary>A service that subscribes to a lifecycle; register it under this interface.</summary>
public interface ILifecycleParticipant<TLifecycleObservable>
    where TLifecycleObservable : ILifecycleObservable
{
    void Participate(TLifecycleObservable lifecycle);
}
