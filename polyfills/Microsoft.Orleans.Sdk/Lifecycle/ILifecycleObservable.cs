namespace Orleans;

/// <summary>Starts its observers stage by stage, lowest first, and stops them in the opposite order.</summary>
public interface ILifecycleObservable
{
    IDisposable Subscribe(string observerName, int stage, ILifecycleObserver observer);
}
