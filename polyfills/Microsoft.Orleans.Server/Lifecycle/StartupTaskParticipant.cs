namespace Orleans.Runtime;

internal sealed class StartupTaskParticipant(int stage, Func<CancellationToken, Task> task) : ILifecycleParticipant<ISiloLifecycle>
{
    public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe(nameof(StartupTaskParticipant), stage, task);
}
