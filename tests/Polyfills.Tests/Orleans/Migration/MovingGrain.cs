using System.Buffers;
using Orleans.Placement;
using Orleans.Runtime.Placement;

namespace OrleansLM.Polyfills.Tests.Orleans.Migration;

[PreferLocalPlacement]
public sealed class MovingGrain(Signals signals, ILocalSiloDetails silo) : Grain, IMovingGrain, IGrainMigrationParticipant
{
    private List<string> _memory = [];

    private string Key => this.GetPrimaryKeyString();

    public void OnDehydrate(IDehydrationContext dehydrationContext)
    {
        signals.Log(Key, "dehydrates");
        Assert.True(dehydrationContext.TryAddValue("memory", _memory));
        dehydrationContext.AddBytes("bytes", [1, 2, 3]);
        dehydrationContext.AddBytes("written", static (value, writer) => writer.Write(value), new byte[] { 4 });
    }

    public void OnRehydrate(IRehydrationContext rehydrationContext)
    {
        signals.Log(Key, "rehydrates");
        Assert.True(rehydrationContext.TryGetValue("memory", out List<string>? memory));
        Assert.True(rehydrationContext.TryGetBytes("bytes", out ReadOnlySequence<byte> bytes));
        Assert.Equal([1, 2, 3], bytes.ToArray());
        Assert.True(rehydrationContext.TryGetBytes("written", out ReadOnlySequence<byte> written));
        Assert.Equal([4], written.ToArray());
        Assert.False(rehydrationContext.TryGetValue("other", out string? _));
        _memory = memory!;
    }

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        signals.Log(Key, $"activates with {_memory.Count}");
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        signals.Log(Key, $"deactivates: {reason.ReasonCode}");
        return Task.CompletedTask;
    }

    public Task<string> Silo() => Task.FromResult(silo.SiloAddress.ToString());

    public Task Remember(string value)
    {
        _memory.Add(value);
        return Task.CompletedTask;
    }

    public Task<List<string>> Memory() => Task.FromResult(_memory);

    public Task Move(SiloAddress? destination)
    {
        if (destination is not null)
            RequestContext.Set(IPlacementDirector.PlacementHintKey, destination);
        MigrateOnIdle();
        return Task.CompletedTask;
    }

    public Task MoveNow(SiloAddress destination) => Move(destination);

    public async Task Hold(string name)
    {
        signals.Set($"{name} started");
        await signals.WaitAsync(name);
    }
}
