using Microsoft.Extensions.Hosting;

namespace OrleansLM.Silo.Hosting;

/// <summary>
/// Work in the background of a silo: begins when the silo is in the cluster, and ends before anything is stopped, while grains everywhere can still be called. The stop waits
/// for it, as long as the host lets it.
/// </summary>
internal abstract class SiloWork : IHostedLifecycleService, IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private Task _work = Task.CompletedTask;

    /// <summary>It goes on while sessions are moved away for the stop, and ends after that.</summary>
    protected virtual bool OutlastsDraining => false;

    /// <summary>Cancelled when the work is to end; the cancellation may leave <see cref="RunAsync"/>.</summary>
    protected CancellationToken Stopping => _stopping.Token;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        _work = Task.Run(RunToEndAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    public Task StoppingAsync(CancellationToken cancellationToken) => OutlastsDraining ? Task.CompletedTask : EndAsync(cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => OutlastsDraining ? EndAsync(cancellationToken) : Task.CompletedTask;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public virtual void Dispose() => _stopping.Dispose();

    protected abstract Task RunAsync();

    /// <summary>Does it again and again until the work is to end, once a period, the first time after one.</summary>
    protected async Task EveryAsync(TimeSpan period, TimeProvider time, Func<Task> act)
    {
        using var timer = new PeriodicTimer(period, time);
        while (await timer.WaitForNextTickAsync(Stopping))
        {
            await act();
        }
    }

    private async Task RunToEndAsync()
    {
        try
        {
            await RunAsync();
        }
        catch (OperationCanceledException) when (Stopping.IsCancellationRequested)
        {
            // The silo stops.
        }
    }

    private async Task EndAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await _work.WaitAsync(cancellationToken);
    }
}
