using System.Reflection;
using Orleans.Runtime.Messaging;
using Orleans.Streaming;

namespace Orleans.Runtime.Invocation;

/// <summary>A grain interface with its methods, those of its base interfaces included.</summary>
internal sealed class GrainInterface
{
    public GrainInterface(Type type)
    {
        if (!type.IsInterface || !typeof(IAddressable).IsAssignableFrom(type))
            throw new ArgumentException($"{type} is not a grain interface.", nameof(type));
        if (type.ContainsGenericParameters)
            throw new ArgumentException($"{type} has open type parameters.", nameof(type));

        Type = type;
        Name = NameOf(type);
        Methods = [.. type.GetInterfaces().Prepend(type).SelectMany(i => i.GetMethods(BindingFlags.Public | BindingFlags.Instance)).Select(m => new GrainMethod(this, m))];
    }

    public Type Type { get; }

    public GrainInterfaceType Name { get; }

    public GrainMethod[] Methods { get; }

    /// <summary>The method with this name in messages.</summary>
    public GrainMethod? Find(string key) => Array.Find(Methods, m => m.Key == key);

    /// <summary>Whether every activation answers it, whatever its class.</summary>
    public bool IsExtension => Type == typeof(IAsyncEnumerableGrainExtension);

    /// <summary>Whether silos call it of each other, unseen by filters.</summary>
    public bool IsSystem => typeof(ISystemTarget).IsAssignableFrom(Type);

    public static GrainInterfaceType NameOf(Type type)
        => GrainInterfaceType.Create(type.GetCustomAttribute<AliasAttribute>()?.Alias ?? type.FullName!);
}
