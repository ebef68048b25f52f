namespace OrleansLM.Engine.Weights.PyTorch;

/// <summary>What calls and persistent ids of a state dict's pickle stand for. Each is a fixed shape of arguments; nothing is called.</summary>
internal static class PickleCalls
{
    private const int MaxRank = 16;

    /// <summary>A persistent id: <c>("storage", class, key, location, element count)</c>.</summary>
    public static PickleValue.Storage LoadStorage(PickleValue id, PickleReader at) =>
        id is PickleValue.Tuple
        {
            Items: [PickleValue.Text { Value: "storage" }, PickleValue.Global { Value.Element: { } type }, PickleValue.Text key, PickleValue.Text, PickleValue.Number { Value: >= 0 } count]
        }
            ? new PickleValue.Storage(type, key.Value, count.Value)
            : throw at.Error("a persistent id that is not (\"storage\", storage class, key, location, element count)");

    public static PickleValue Call(PickleValue target, PickleValue arguments, PickleReader at)
    {
        if (target is not PickleValue.Global { Value: var function } || arguments is not PickleValue.Tuple { Items: var items })
        {
            throw at.Error($"a call of {target.Kind} with {arguments.Kind}; expected a function with a tuple");
        }

        return function.Means switch
        {
            PickleGlobal.Meaning.Dict => NewDict(items, at),
            PickleGlobal.Meaning.RebuildTensor => RebuildTensor(items, at),
            PickleGlobal.Meaning.RebuildParameter when items is [PickleValue.Tensor tensor, PickleValue.Flag, _] => tensor,
            PickleGlobal.Meaning.RebuildFromType => RebuildFromType(items, at),
            _ => throw at.Error($"a call of {function.Name} with {items.Length} arguments, which no saved state dict makes"),
        };
    }

    private static PickleValue.Dict NewDict(PickleValue[] items, PickleReader at)
    {
        var dict = new PickleValue.Dict();
        if (items is not ([] or [PickleValue.List]))
        {
            throw at.Error("an OrderedDict of something else than nothing or a list of pairs");
        }

        foreach (var pair in items is [PickleValue.List list] ? list.Items : [])
        {
            dict.Items.Add(pair switch
            {
                PickleValue.Tuple { Items: [var key, var value] } => (key, value),
                PickleValue.List { Items: [var key, var value] } => (key, value),
                _ => throw at.Error($"an OrderedDict of {pair.Kind}; expected pairs"),
            });
        }

        return dict;
    }

    /// <summary><c>(function, class, arguments, state)</c>: a tensor with attributes, as some Llama checkpoints have them. The attributes are dropped.</summary>
    private static PickleValue RebuildFromType(PickleValue[] items, PickleReader at) =>
        items is [PickleValue.Global { Value.Means: PickleGlobal.Meaning.RebuildTensor or PickleGlobal.Meaning.RebuildParameter } function,
            PickleValue.Global { Value.Means: PickleGlobal.Meaning.TensorClass }, PickleValue.Tuple arguments, PickleValue.Dict or PickleValue.Tuple or PickleValue.None]
            ? Call(function, arguments, at)
            : throw at.Error("_rebuild_from_type_v2 of something else than a plain tensor");

    /// <summary><c>(storage, offset, size, stride, requires_grad, hooks[, metadata])</c></summary>
    private static PickleValue.Tensor RebuildTensor(PickleValue[] items, PickleReader at)
    {
        if (items is not [PickleValue.Storage storage, PickleValue.Number { Value: >= 0 } offset, PickleValue.Tuple size, PickleValue.Tuple stride, PickleValue.Flag, ..] || items.Length is not (6 or 7))
        {
            throw at.Error("_rebuild_tensor_v2 with arguments other than (storage, offset, size, stride, requires_grad, hooks)");
        }

        var (shape, strides) = (Integers(size, at), Integers(stride, at));
        if (shape.Length != strides.Length)
        {
            throw at.Error($"a tensor of {shape.Length} sizes and {strides.Length} strides");
        }

        CheckExtent(storage, offset.Value, shape, strides, at);
        return new PickleValue.Tensor(storage, offset.Value, shape, strides);
    }

    private static long[] Integers(PickleValue.Tuple tuple, PickleReader at) =>
        tuple.Items.Length <= MaxRank && tuple.Items.All(item => item is PickleValue.Number { Value: >= 0 })
            ? [.. tuple.Items.Select(item => ((PickleValue.Number)item).Value)]
            : throw at.Error($"a tensor's size or stride that is not at most {MaxRank} whole numbers from 0 on");

    /// <summary>The last element must lie in the storage, and no element may be used more often than the storage has room for.</summary>
    private static void CheckExtent(PickleValue.Storage storage, long offset, long[] shape, long[] strides, PickleReader at)
    {
        var count = TensorExtent.ElementCount(shape);
        var last = (UInt128)(ulong)offset;
        for (var i = 0; i < shape.Length && count != 0; i++)
        {
            last += (UInt128)(ulong)(shape[i] - 1) * (ulong)strides[i];
            last = UInt128.Min(last, ulong.MaxValue);
        }

        var fits = count == 0 ? offset <= storage.Count : count <= storage.Count && last < (UInt128)(ulong)storage.Count;
        if (!fits)
        {
            throw at.Error($"a tensor of size ({string.Join(", ", shape)}), stride ({string.Join(", ", strides)}) and offset {offset} in a storage of {storage.Count} elements");
        }
    }
}
