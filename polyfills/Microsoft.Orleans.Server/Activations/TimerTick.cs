using Orleans.Runtime.Messaging;

namespace Orleans.Runtime.Activations;

/// <summary>A tick of a timer, as work of the activation.</summary>
internal sealed class TimerTick(GrainTimer timer, bool interleave, bool keepAlive) : IActivationWork
{
    public bool IsReadOnly => false;

    public bool AlwaysInterleaves => interleave;

    public Guid ReentrancyId => Guid.Empty;

    public bool KeepsAlive => keepAlive;

    public Task RunAsync() => timer.TickAsync();
}
