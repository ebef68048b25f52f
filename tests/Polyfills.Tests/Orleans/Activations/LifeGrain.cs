using Orleans.Placement;

namespace OrleansLM.Polyfills.Tests.Orleans.Activations;

[RandomPlacement]
public class LifeGrain(Signals signals, ILocalSiloDetails silo) : Grain, ILifeGrain
{
    private readonly Guid _instance = Guid.NewGuid();
    private readonly List<string> _state = [];

    private string Key => this.GetPrimaryKeyString();

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await Task.Yield();
        signals.Log(Key, "activates");
        if (Key.Contains("fails once", StringComparison.Ordinal) && signals.LogOf(Key).Length == 1)
            throw new InvalidOperationException("no luck");
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await Task.Yield();
        signals.Log(Key, $"deactivates: {reason.ReasonCode}");
        signals.Set($"{Key} deactivated");
    }

    public Task<Guid> Instance() => Task.FromResult(_instance);

    public Task<string> Silo() => Task.FromResult(silo.SiloAddress.ToString());

    public Task End()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public async Task EndAndHold(string name)
    {
        DeactivateOnIdle();
        signals.Set($"{name} started");
        await signals.WaitAsync(name);
        signals.Log(Key, "held call ends");
    }

    public async Task Hold(string name)
    {
        signals.Set($"{name} started");
        await signals.WaitAsync(name);
    }

    public Task<int> UseState(string value)
    {
        _state.Add(value);
        return Task.FromResult(_state.Count);
    }
}
