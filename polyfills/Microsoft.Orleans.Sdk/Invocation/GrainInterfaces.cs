using System.Collections.Concurrent;
using Orleans.Runtime.Manifest;

namespace Orleans.Runtime.Invocation;

/// <summary>The grain interfaces of this program, by their names in messages.</summary>
internal sealed class GrainInterfaces(GrainReferences references)
{
    private readonly Lazy<Dictionary<string, Type>> _types = new(FindTypes);
    private readonly ConcurrentDictionary<string, GrainInterface> _interfaces = new();

    public GrainInterface? Find(string name)
    {
        if (_interfaces.TryGetValue(name, out GrainInterface? known))
            return known;

        return _types.Value.TryGetValue(name, out Type? type) ? _interfaces.GetOrAdd(name, references.InterfaceOf(type)) : null;
    }

    private static Dictionary<string, Type> FindTypes()
    {
        var types = new Dictionary<string, Type>();
        foreach (Type type in ProgramAssemblies.Find().SelectMany(a => a.GetTypes()))
        {
            if (type.IsInterface && typeof(IAddressable).IsAssignableFrom(type) && !type.ContainsGenericParameters)
                types.TryAdd(GrainInterface.NameOf(type).ToString(), type);
        }

        return types;
    }
}
