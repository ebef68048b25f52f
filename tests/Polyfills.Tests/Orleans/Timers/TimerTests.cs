namespace OrleansLM.Polyfills.Tests.Orleans.Timers;

public sealed class TimerTests(GrainCluster cluster) : IClassFixture<GrainCluster>
{
    private readonly string _name = Guid.NewGuid().ToString("N");

    private Signals Signals => cluster.Signals;

    private ITimerGrain Grain => cluster.Grains.GetGrain<ITimerGrain>(_name);

    [Fact]
    public async Task Ticks_are_turns_of_the_grain_until_the_timer_is_disposed()
    {
        await Grain.StartTicking(_name, 3);
        await Signals.WaitAsync($"{_name} tick");
        await Grain.Ping();
        Assert.Equal(["tick True none", "tick True none", "tick True none"], Signals.LogOf(_name));
    }

    [Fact]
    public async Task A_tick_waits_for_the_running_call_and_holds_later_ones()
    {
        Task held = Grain.Hold($"{_name} call");
        await Signals.WaitAsync($"{_name} call started");
        Task start = Grain.StartHolding($"{_name} timer", interleave: false);
        await Grain.PingInterleaving();
        Assert.False(start.IsCompleted);
        Signals.Set($"{_name} call");
        await Task.WhenAll(held, start);

        await Signals.WaitAsync($"{_name} timer started");
        Task ping = Grain.Ping();
        await Grain.PingInterleaving();
        Assert.False(ping.IsCompleted);
        Signals.Set($"{_name} timer");
        await ping;
        Assert.True(Signals.IsSet($"{_name} timer ended"));
    }

    [Fact]
    public async Task An_interleaving_tick_runs_beside_calls()
    {
        await Grain.StartHolding($"{_name} timer", interleave: true);
        await Signals.WaitAsync($"{_name} timer started");
        await Grain.Ping();
        Assert.False(Signals.IsSet($"{_name} timer ended"));
        Signals.Set($"{_name} timer");
        await Signals.WaitAsync($"{_name} timer ended");
    }

    [Fact]
    public async Task A_timer_that_is_never_due_ticks_after_a_change()
    {
        await Grain.StartIdle(_name);
        Assert.False(Signals.IsSet($"{_name} tick"));
        await Grain.ChangeIdle(TimeSpan.FromMilliseconds(1));
        await Signals.WaitAsync($"{_name} tick");
    }

    [Fact]
    public async Task The_end_of_the_activation_cancels_its_timers()
    {
        await Grain.StartHolding($"{_name} timer", interleave: true);
        await Signals.WaitAsync($"{_name} timer started");
        Signals.Set($"{_name} timer");
        await Signals.WaitAsync($"{_name} timer ended");
        await Grain.StartIdle(_name);
        await Grain.ChangeIdle(TimeSpan.FromHours(1));
        await Grain.End();
        await Signals.WaitAsync($"{_name} deactivated");
        await Grain.Ping();
        Assert.False(Signals.IsSet($"{_name} tick"));
    }
}
