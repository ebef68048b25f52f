using System.Reflection;
using Orleans.Runtime;

namespace Orleans;

public interface IIncomingGrainCallContext : IGrainCallContext
{
    MethodInfo ImplementationMethod { get; }

    IGrainContext TargetContext { get; }
}
