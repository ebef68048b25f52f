using System.Buffers;

namespace Orleans.Runtime;

/// <summary>Hands out the state of an activation that has moved.</summary>
public interface IRehydrationContext
{
    IEnumerable<string> Keys { get; }

    bool TryGetBytes(string key, out ReadOnlySequence<byte> value);

    bool TryGetValue<T>(string key, out T? value);
}
