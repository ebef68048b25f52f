namespace OrleansLM.Engine.Weights.PyTorch;

/// <summary>Turns the described state dict of an archive into tensors of its file.</summary>
internal sealed class StateDict(IReadOnlyDictionary<string, ZipEntry> entries, string storagePrefix, string source)
{
    private const string Wrapper = "state_dict";

    /// <param name="root">The state dict, or a dict with it under <c>state_dict</c>.</param>
    public IReadOnlyDictionary<string, StoredTensor> Read(PickleValue root)
    {
        var dict = Unwrap(root);
        var tensors = new Dictionary<string, StoredTensor>();
        foreach (var (key, value) in dict.Items)
        {
            if (key is PickleValue.Text name && value is PickleValue.Tensor tensor && !tensors.TryAdd(name.Value, ToStored(name.Value, tensor)))
            {
                throw new CheckpointException($"{source}: the state dict has '{name.Value}' twice");
            }
        }

        return tensors.Count > 0 ? tensors : throw new CheckpointException($"{source}: the state dict holds no tensors; its keys are {Keys(dict)}");
    }

    private PickleValue.Dict Unwrap(PickleValue root)
    {
        if (root is not PickleValue.Dict dict)
        {
            throw new CheckpointException($"{source}: the pickle is {root.Kind}; expected a dict of tensors");
        }

        var inner = dict.Items.Find(item => item.Key is PickleValue.Text { Value: Wrapper });
        return inner.Value switch
        {
            null => dict,
            PickleValue.Dict wrapped => wrapped,
            var other => throw new CheckpointException($"{source}: '{Wrapper}' is {other.Kind}; expected a dict of tensors"),
        };
    }

    private StoredTensor ToStored(string name, PickleValue.Tensor tensor)
    {
        var storage = tensor.View;
        var member = storagePrefix + storage.Key;
        if (!entries.TryGetValue(member, out var entry))
        {
            throw new CheckpointException($"{source}: tensor '{name}' lies in storage '{storage.Key}', but the file has no member '{member}'");
        }

        var size = storage.Type.SizeInBits() / 8;
        if ((Int128)storage.Count * size != entry.Size)
        {
            throw new CheckpointException($"{source}: storage '{storage.Key}' has {storage.Count} elements of {storage.Type}, but its member '{member}' has {entry.Size} bytes");
        }

        return new StoredTensor
        {
            Name = name,
            Type = storage.Type,
            Shape = tensor.Shape,
            Strides = IsContiguous(tensor) ? null : tensor.Strides,
            FileOffset = entry.DataOffset + tensor.Offset * size,
            SizeInBytes = TensorExtent.ElementCount(tensor.Shape)!.Value * size,
        };
    }

    /// <summary>Row-major without gaps. The stride of a dimension of size 1 does not matter, nor any of an empty tensor.</summary>
    private static bool IsContiguous(PickleValue.Tensor tensor)
    {
        if (tensor.Shape.Contains(0))
        {
            return true;
        }

        var expected = 1L;
        for (var dimension = tensor.Shape.Length - 1; dimension >= 0; dimension--)
        {
            if (tensor.Shape[dimension] != 1 && tensor.Strides[dimension] != expected)
            {
                return false;
            }

            expected *= tensor.Shape[dimension];
        }

        return true;
    }

    private static string Keys(PickleValue.Dict dict)
    {
        var names = dict.Items.Select(item => item.Key is PickleValue.Text text ? $"'{text.Value}'" : item.Key.Kind).Take(8).ToArray();
        return names is [] ? "none" : string.Join(", ", names);
    }
}
