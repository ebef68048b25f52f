using System.Collections.Frozen;

namespace OrleansLM.Engine.Weights.PyTorch;

/// <summary>A class or function that a pickle may name. This list is the whole of what is allowed; each entry says what it stands for.</summary>
internal sealed record PickleGlobal(string Name, PickleGlobal.Meaning Means, StoredType? Element = null)
{
    private static readonly FrozenDictionary<string, PickleGlobal> Allowed = new PickleGlobal[]
    {
        new("collections.OrderedDict", Meaning.Dict),
        new("torch._utils._rebuild_tensor_v2", Meaning.RebuildTensor),
        new("torch._utils._rebuild_parameter", Meaning.RebuildParameter),
        new("torch._tensor._rebuild_from_type_v2", Meaning.RebuildFromType),
        new("torch.Tensor", Meaning.TensorClass),
        new("torch.nn.parameter.Parameter", Meaning.TensorClass),
        new("torch.FloatStorage", Meaning.Storage, StoredType.Float32),
        new("torch.BFloat16Storage", Meaning.Storage, StoredType.BFloat16),
        new("torch.HalfStorage", Meaning.Storage, StoredType.Float16),
        new("torch.DoubleStorage", Meaning.Storage, StoredType.Float64),
        new("torch.LongStorage", Meaning.Storage, StoredType.Int64),
        new("torch.IntStorage", Meaning.Storage, StoredType.Int32),
        new("torch.ShortStorage", Meaning.Storage, StoredType.Int16),
        new("torch.CharStorage", Meaning.Storage, StoredType.Int8),
        new("torch.ByteStorage", Meaning.Storage, StoredType.UInt8),
        new("torch.BoolStorage", Meaning.Storage, StoredType.Bool),
        new("torch.ComplexFloatStorage", Meaning.Storage, StoredType.Complex64),
        new("torch.ComplexDoubleStorage", Meaning.Storage, StoredType.Complex128),
    }.ToFrozenDictionary(global => global.Name);

    public enum Meaning
    {
        Dict,
        RebuildTensor,
        RebuildParameter,
        RebuildFromType,
        TensorClass,
        Storage,
    }

    /// <summary>Null for anything that is not on the list.</summary>
    public static PickleGlobal? Find(string module, string name) => Allowed.GetValueOrDefault($"{module}.{name}");
}
