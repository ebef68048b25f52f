namespace OrleansLM.Silo.Sessions;

/// <summary>A list whose spans stay valid, and unchanged, while it grows.</summary>
internal sealed class EntryList
{
    private TurnEntry[] _items = [];

    public int Count { get; private set; }

    public ReadOnlySpan<TurnEntry> Span => _items.AsSpan(0, Count);

    public void Add(in TurnEntry entry)
    {
        if (Count == _items.Length)
        {
            Array.Resize(ref _items, Math.Max(16, Count * 2));
        }

        _items[Count++] = entry;
    }
}
