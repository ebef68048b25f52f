namespace OrleansLM.Polyfills.Tests.Orleans.Turns;

public class TurnGrain(Signals signals) : Grain, ITurnGrain
{
    private int _turns;

    public async Task Hold(string name)
    {
        signals.Log(this.GetPrimaryKeyString(), $"{name} starts");
        signals.Set($"{name} started");
        await signals.WaitAsync(name);
        signals.Log(this.GetPrimaryKeyString(), $"{name} ends");
        signals.Set($"{name} ended");
    }

    public Task HoldReadOnly(string name) => Hold(name);

    public Task HoldInterleaving(string name) => Hold(name);

    public Task HoldOneWay(string name) => Hold(name);

    public async Task<bool> StaysOnItsTurns()
    {
        TaskScheduler scheduler = TaskScheduler.Current;
        bool alone = true;
        for (int i = 0; i < 20; i++)
        {
            alone &= Interlocked.Increment(ref _turns) == 1;
            Thread.SpinWait(100);
            alone &= Interlocked.Decrement(ref _turns) == 0;
            await Task.Yield();
        }

        return alone && ReferenceEquals(scheduler, TaskScheduler.Current) && scheduler != TaskScheduler.Default;
    }

    public async Task<string> CallBackThrough(ITurnGrain other, bool allowReentrancy)
    {
        if (!allowReentrancy)
            return await other.PassOn(this.AsReference<ITurnGrain>());

        using (RequestContext.AllowCallChainReentrancy())
            return await other.PassOn(this.AsReference<ITurnGrain>());
    }

    public Task<string> PassOn(ITurnGrain target) => target.Name();

    public Task<string> Name() => Task.FromResult(this.GetPrimaryKeyString());
}
