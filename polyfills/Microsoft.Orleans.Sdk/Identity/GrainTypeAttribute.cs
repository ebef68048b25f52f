using Orleans.Runtime;

namespace Orleans;

/// <summary>The name of a grain class in the cluster, where it is not to follow from the class's name.</summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = false)]
public sealed class GrainTypeAttribute(string grainType) : Attribute
{
    public GrainType GetGrainType(IServiceProvider services, Type type) => GrainType.Create(grainType);
}
