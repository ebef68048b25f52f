using System.Buffers;
using Orleans.Serialization;

namespace Orleans.Runtime.Migration;

/// <summary>The state that an activation takes along, by key. Values are copied when they are put in and when they are taken out.</summary>
internal sealed class MigrationContext(DeepCopier copier, Dictionary<string, object?> values) : IDehydrationContext, IRehydrationContext
{
    public IEnumerable<string> Keys => values.Keys;

    public Dictionary<string, object?> Values => values;

    public void AddBytes(string key, ReadOnlySpan<byte> value) => values.Add(key, value.ToArray());

    public void AddBytes<T>(string key, Action<T, IBufferWriter<byte>> valueWriter, T value)
    {
        var buffer = new ArrayBufferWriter<byte>();
        valueWriter(value, buffer);
        AddBytes(key, buffer.WrittenSpan);
    }

    public bool TryAddValue<T>(string key, T? value)
    {
        try
        {
            return values.TryAdd(key, copier.Copy(value));
        }
        catch (CodecNotFoundException)
        {
            return false;
        }
    }

    public bool TryGetBytes(string key, out ReadOnlySequence<byte> value)
    {
        bool found = values.TryGetValue(key, out object? bytes) && bytes is byte[];
        value = found ? new ReadOnlySequence<byte>((byte[])bytes!) : default;
        return found;
    }

    public bool TryGetValue<T>(string key, out T? value)
    {
        bool found = values.TryGetValue(key, out object? stored) && (stored is T || (stored is null && default(T) is null));
        value = found ? (T?)copier.Copy(stored) : default;
        return found;
    }
}
