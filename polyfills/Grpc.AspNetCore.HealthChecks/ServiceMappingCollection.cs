using System.Collections;

namespace Grpc.AspNetCore.HealthChecks;

/// <summary>Services by name; a name that is mapped again replaces the former mapping.</summary>
public sealed class ServiceMappingCollection : ICollection<ServiceMapping>
{
    private readonly List<ServiceMapping> _mappings = [];

    public int Count => _mappings.Count;

    bool ICollection<ServiceMapping>.IsReadOnly => false;

    /// <summary>Maps a service to the checks that <paramref name="predicate"/> picks. The empty name is the server as a whole.</summary>
    public void Map(string name, Func<HealthCheckMapContext, bool> predicate)
    {
        Remove(name);
        _mappings.Add(new ServiceMapping(name, predicate));
    }

    public void Add(ServiceMapping service) => _mappings.Add(service);

    public void Remove(string name) => _mappings.RemoveAll(mapping => mapping.Name == name);

    public void Clear() => _mappings.Clear();

    public IEnumerator<ServiceMapping> GetEnumerator() => _mappings.GetEnumerator();

    bool ICollection<ServiceMapping>.Contains(ServiceMapping item) => _mappings.Contains(item);

    void ICollection<ServiceMapping>.CopyTo(ServiceMapping[] array, int arrayIndex) => _mappings.CopyTo(array, arrayIndex);

    bool ICollection<ServiceMapping>.Remove(ServiceMapping item) => _mappings.Remove(item);

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
