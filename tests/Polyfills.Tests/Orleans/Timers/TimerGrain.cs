namespace OrleansLM.Polyfills.Tests.Orleans.Timers;

public sealed class TimerGrain(Signals signals) : Grain, ITimerGrain
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(20);

    private IGrainTimer? _idle;

    public Task StartTicking(string name, int ticks)
    {
        RequestContext.Set("leak", "yes");
        int ticked = 0;
        IGrainTimer? timer = null;
        TaskScheduler scheduler = TaskScheduler.Current;
        timer = this.RegisterGrainTimer(
            async _ =>
            {
                await Task.Yield();
                signals.Log(name, $"tick {ReferenceEquals(scheduler, TaskScheduler.Current)} {RequestContext.Get("leak") ?? "none"}");
                if (++ticked < ticks)
                    return;

                timer!.Dispose();
                signals.Set($"{name} tick");
            },
            new GrainTimerCreationOptions(Soon, Soon));
        return Task.CompletedTask;
    }

    public Task StartHolding(string name, bool interleave)
    {
        this.RegisterGrainTimer(
            async (n, token) =>
            {
                signals.Set($"{n} started");
                try
                {
                    await signals.WaitAsync(n).WaitAsync(token);
                    signals.Set($"{n} ended");
                }
                catch (OperationCanceledException)
                {
                    signals.Set($"{n} cancelled");
                }
            },
            name,
            new GrainTimerCreationOptions(TimeSpan.Zero, Timeout.InfiniteTimeSpan) { Interleave = interleave });
        return Task.CompletedTask;
    }

    public Task StartIdle(string name)
    {
        _idle = this.RegisterGrainTimer(
            () =>
            {
                signals.Set($"{name} tick");
                return Task.CompletedTask;
            },
            Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan);
        return Task.CompletedTask;
    }

    public Task ChangeIdle(TimeSpan dueTime)
    {
        _idle!.Change(dueTime, Timeout.InfiniteTimeSpan);
        return Task.CompletedTask;
    }

    public async Task Hold(string name)
    {
        signals.Set($"{name} started");
        await signals.WaitAsync(name);
    }

    public Task Ping() => Task.CompletedTask;

    public Task PingInterleaving() => Task.CompletedTask;

    public Task End()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        signals.Set($"{this.GetPrimaryKeyString()} deactivated");
        return Task.CompletedTask;
    }
}
