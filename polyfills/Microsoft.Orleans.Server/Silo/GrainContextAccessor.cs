using Orleans.Runtime.Scheduling;

namespace Orleans.Runtime;

internal sealed class GrainContextAccessor : IGrainContextAccessor
{
    public IGrainContext? GrainContext => GrainTaskScheduler.CurrentContext;
}
