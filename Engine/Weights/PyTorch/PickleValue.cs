namespace OrleansLM.Engine.Weights.PyTorch;

/// <summary>
/// What a pickle describes, as a description: classes and calls of the pickle become one of these kinds and are never looked up or run. Values may hold
/// themselves (a list appended to itself), so nothing here walks into depth.
/// </summary>
internal abstract class PickleValue(string kind)
{
    /// <summary>The kind's name in errors.</summary>
    public string Kind { get; } = kind;

    internal sealed class None() : PickleValue("None");

    internal sealed class Flag() : PickleValue("a bool");

    internal sealed class Number(long value) : PickleValue("an int")
    {
        public long Value { get; } = value;
    }

    internal sealed class Real() : PickleValue("a float");

    internal sealed class Text(string value) : PickleValue("a string")
    {
        public string Value { get; } = value;
    }

    internal sealed class Tuple(PickleValue[] items) : PickleValue("a tuple")
    {
        public PickleValue[] Items { get; } = items;
    }

    internal sealed class List() : PickleValue("a list")
    {
        public List<PickleValue> Items { get; } = [];
    }

    /// <summary>A dict or an OrderedDict; keys may repeat.</summary>
    internal sealed class Dict() : PickleValue("a dict")
    {
        public List<(PickleValue Key, PickleValue Value)> Items { get; } = [];
    }

    internal sealed class Global(PickleGlobal value) : PickleValue("a class or function")
    {
        public PickleGlobal Value { get; } = value;
    }

    /// <summary>A storage: <paramref name="count"/> elements in the archive's member <c>data/{key}</c>.</summary>
    internal sealed class Storage(StoredType type, string key, long count) : PickleValue("a storage")
    {
        public StoredType Type { get; } = type;

        public string Key { get; } = key;

        public long Count { get; } = count;
    }

    /// <summary>A view of a storage; the view has been checked to lie inside.</summary>
    internal sealed class Tensor(Storage storage, long offset, long[] shape, long[] strides) : PickleValue("a tensor")
    {
        public Storage View { get; } = storage;

        /// <summary>In elements.</summary>
        public long Offset { get; } = offset;

        public long[] Shape { get; } = shape;

        /// <summary>In elements.</summary>
        public long[] Strides { get; } = strides;
    }

    /// <summary>Where a tuple or a run of items begins on the stack.</summary>
    internal sealed class Mark() : PickleValue("a mark");
}
