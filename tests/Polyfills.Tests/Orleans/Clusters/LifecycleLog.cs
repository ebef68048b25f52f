namespace OrleansLM.Polyfills.Tests.Orleans.Clusters;

/// <summary>Logs the stages of its silo, and calls a grain where that is possible.</summary>
public sealed class LifecycleLog(Signals signals, IGrainFactory grains) : ILifecycleParticipant<ISiloLifecycle>
{
    public void Participate(ISiloLifecycle lifecycle)
    {
        Log(lifecycle, ServiceLifecycleStage.ApplicationServices, "application");
        Log(lifecycle, ServiceLifecycleStage.RuntimeInitialize, "initialize");
        lifecycle.Subscribe(
            nameof(LifecycleLog),
            ServiceLifecycleStage.Active,
            async _ => signals.Log("stages", $"active {await grains.GetGrain<Calls.ICallGrain>(Guid.NewGuid()).Add(1, 2)}"),
            async _ => signals.Log("stages", $"not active {await grains.GetGrain<Calls.ICallGrain>(Guid.NewGuid()).Add(3, 4)}"));
    }

    private void Log(ISiloLifecycle lifecycle, int stage, string name) => lifecycle.Subscribe<LifecycleLog>(
        stage,
        _ =>
        {
            signals.Log("stages", $"{name} starts");
            return Task.CompletedTask;
        },
        _ =>
        {
            signals.Log("stages", $"{name} stops");
            return Task.CompletedTask;
        });
}
