using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Runtime.Invocation;

namespace Orleans.Runtime.Manifest;

/// <summary>A grain class of this silo, with what its attributes say.</summary>
internal sealed class GrainClass
{
    private readonly Lazy<ObjectFactory> _factory;

    public GrainClass(Type type)
    {
        Type = type;
        _factory = new(() => ActivatorUtilities.CreateFactory(type, Type.EmptyTypes));
        GrainType = NameOf(type);
        IsReentrant = type.IsDefined(typeof(ReentrantAttribute), inherit: true);
        var age = type.GetCustomAttribute<CollectionAgeLimitAttribute>(inherit: true);
        CollectionAge = age?.AgeLimit;
        IsKeptAlive = type.IsDefined(typeof(KeepAliveAttribute), inherit: true) || age is { AlwaysActive: true };
        Info = new GrainTypeInfo(
            GrainType,
            type.FullName!,
            [.. type.GetInterfaces().Where(IsGrainInterface).Select(GrainInterface.NameOf)],
            type.GetCustomAttribute<PlacementAttribute>(inherit: true)?.PlacementStrategy);
    }

    public Type Type { get; }

    public GrainType GrainType { get; }

    public bool IsReentrant { get; }

    public bool IsKeptAlive { get; }

    /// <summary>The class's own collection age; null for the silo's.</summary>
    public TimeSpan? CollectionAge { get; }

    public GrainTypeInfo Info { get; }

    public object Create(IServiceProvider services) => _factory.Value(services, null);

    public static bool IsGrainClass(Type type)
        => type is { IsClass: true, IsAbstract: false, ContainsGenericParameters: false } && typeof(IGrainBase).IsAssignableFrom(type)
            && Array.Exists(type.GetInterfaces(), IsGrainInterface);

    private static bool IsGrainInterface(Type type)
        => type != typeof(IAddressable) && type != typeof(IGrain) && type != typeof(IGrainWithStringKey) && type != typeof(IGrainWithIntegerKey)
            && type != typeof(IGrainWithGuidKey) && typeof(IAddressable).IsAssignableFrom(type);

    private static GrainType NameOf(Type type)
    {
        if (type.GetCustomAttribute<GrainTypeAttribute>() is { } attribute)
            return attribute.GetGrainType(null!, type);

        string name = type.Name.ToLowerInvariant();
        return GrainType.Create(name.Length > 5 && name.EndsWith("grain", StringComparison.Ordinal) ? name[..^5] : name);
    }
}
