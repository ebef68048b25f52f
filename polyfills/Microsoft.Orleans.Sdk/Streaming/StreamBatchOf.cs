using Orleans.Serialization;

namespace Orleans.Streaming;

internal sealed class StreamBatch<T>(T first) : StreamBatch
{
    private T[] _items = [first];

    public int Count { get; private set; } = 1;

    public T this[int index] => _items[index];

    public void Add(T item)
    {
        if (Count == _items.Length)
            Array.Resize(ref _items, Math.Max(4, Count * 2));
        _items[Count++] = item;
    }

    public override void CopyElements(CopyContext context)
    {
        if (TypeCopierFactory.IsShallowAtRunTime(typeof(T)))
            return;

        for (int i = 0; i < Count; i++)
            _items[i] = context.CopyOf(_items[i]);
    }
}
