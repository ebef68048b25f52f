using Orleans.Runtime;

namespace Orleans.Timers;

/// <summary>An activation that runs timer callbacks on its turns.</summary>
internal interface ITimerHost
{
    IGrainTimer RegisterTimer(Func<CancellationToken, Task> callback, GrainTimerCreationOptions options);
}
