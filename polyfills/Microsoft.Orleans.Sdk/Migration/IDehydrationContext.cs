using System.Buffers;

namespace Orleans.Runtime;

/// <summary>Takes the state of an activation that moves.</summary>
public interface IDehydrationContext
{
    IEnumerable<string> Keys { get; }

    void AddBytes(string key, ReadOnlySpan<byte> value);

    void AddBytes<T>(string key, Action<T, IBufferWriter<byte>> valueWriter, T value);

    /// <summary>Adds a value of a type that may cross a grain call; false when it may not.</summary>
    bool TryAddValue<T>(string key, T? value);
}
