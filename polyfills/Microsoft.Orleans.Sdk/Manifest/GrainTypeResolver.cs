using System.Collections.Concurrent;
using Orleans.Runtime.Invocation;

namespace Orleans.Runtime.Manifest;

/// <summary>Finds the grain class that is meant by an interface.</summary>
internal sealed class GrainTypeResolver(IClusterManifests manifests)
{
    private readonly ConcurrentDictionary<(Type, string?), GrainType> _resolved = new();

    /// <summary>Throws <see cref="ArgumentException"/> when no class implements the interface, or several do and none is named after it.</summary>
    public GrainType Resolve(Type interfaceType, string? classNamePrefix)
    {
        if (_resolved.TryGetValue((interfaceType, classNamePrefix), out GrainType type))
            return type;

        GrainInterfaceType name = GrainInterface.NameOf(interfaceType);
        List<GrainTypeInfo> candidates = [.. manifests.Current.SelectMany(m => m.GrainTypes).Where(t => t.Interfaces.Contains(name)).DistinctBy(t => t.Type)];
        type = Choose(interfaceType, candidates, classNamePrefix).Type;
        return _resolved.GetOrAdd((interfaceType, classNamePrefix), type);
    }

    private static GrainTypeInfo Choose(Type interfaceType, List<GrainTypeInfo> candidates, string? classNamePrefix)
    {
        if (!string.IsNullOrEmpty(classNamePrefix))
        {
            if (candidates.Find(c => c.ClassName == classNamePrefix) is { } exact)
                return exact;
            candidates = candidates.FindAll(c => c.ClassName.StartsWith(classNamePrefix, StringComparison.Ordinal));
        }

        if (candidates.Count > 1 && candidates.FindAll(c => IsNamedAfter(c.ClassName, interfaceType)) is [var named])
            return named;

        return candidates switch
        {
            [var only] => only,
            [] => throw new ArgumentException($"No grain class implements {interfaceType}{Suffix(classNamePrefix)} on any silo of the cluster."),
            _ => throw new ArgumentException(
                $"Several grain classes implement {interfaceType}{Suffix(classNamePrefix)}: {string.Join(", ", candidates.Select(c => c.ClassName))}. Give a class name prefix."),
        };
    }

    private static bool IsNamedAfter(string className, Type interfaceType)
        => interfaceType.Name.StartsWith('I') && className.AsSpan(className.LastIndexOfAny(['.', '+']) + 1).SequenceEqual(interfaceType.Name.AsSpan(1));

    private static string Suffix(string? classNamePrefix) => string.IsNullOrEmpty(classNamePrefix) ? "" : $" with the class name prefix '{classNamePrefix}'";
}
