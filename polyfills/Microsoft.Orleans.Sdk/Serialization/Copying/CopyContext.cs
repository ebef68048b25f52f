namespace Orleans.Serialization;

/// <summary>One copy of a graph of objects: an object that occurs twice is copied once, and cycles end.</summary>
internal sealed class CopyContext(DeepCopier copier)
{
    private object? _first;
    private object? _firstCopy;
    private Dictionary<object, object>? _others;

    public object? Copy(object? value) => value is null ? null : Copy(value, copier.For(value.GetType()));

    public object Copy(object value, TypeCopier typeCopier)
    {
        if (typeCopier.IsShallow)
            return value;

        return typeCopier.IsReference && TryGetCopy(value) is { } copy ? copy : typeCopier.Copy(value, this);
    }

    public T CopyOf<T>(T value) => (T)Copy(value)!;

    /// <summary>Remembers a copy before its parts are copied.</summary>
    public void Add(object original, object copy)
    {
        if (_first is null)
        {
            _first = original;
            _firstCopy = copy;
            return;
        }

        _others ??= new Dictionary<object, object>(ReferenceEqualityComparer.Instance);
        _others[original] = copy;
    }

    private object? TryGetCopy(object original)
        => ReferenceEquals(original, _first) ? _firstCopy : _others is not null && _others.TryGetValue(original, out object? copy) ? copy : null;
}
