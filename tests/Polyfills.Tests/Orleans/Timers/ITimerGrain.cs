using Orleans.Concurrency;

namespace OrleansLM.Polyfills.Tests.Orleans.Timers;

public interface ITimerGrain : IGrainWithStringKey
{
    /// <summary>Starts a timer that sets <c>name tick</c> at its n-th tick, and disposes of it then.</summary>
    Task StartTicking(string name, int ticks);

    /// <summary>Starts a timer whose only tick waits for the event of its name.</summary>
    Task StartHolding(string name, bool interleave);

    /// <summary>Starts a timer that is never due by itself.</summary>
    Task StartIdle(string name);

    Task ChangeIdle(TimeSpan dueTime);

    Task Hold(string name);

    Task Ping();

    [AlwaysInterleave]
    Task PingInterleaving();

    Task End();
}
