using System.Text;

namespace OrleansLM.Engine.Tests.Weights.PyTorch;

/// <summary>Writes pickles of protocol 2 as torch.save does, and others.</summary>
internal sealed class PickleBuilder
{
    private readonly List<byte> _bytes = [];
    private byte _memo;

    public PickleBuilder(byte protocol = 2)
    {
        Raw(0x80, protocol);
    }

    public PickleBuilder Raw(params byte[] bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    public PickleBuilder Op(string opcodes) => Raw(Encoding.ASCII.GetBytes(opcodes));

    public PickleBuilder Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return Op("X").Raw(BitConverter.GetBytes(bytes.Length)).Raw(bytes);
    }

    public PickleBuilder Number(long value) => Raw([0x8A, 8, .. BitConverter.GetBytes(value)]);

    public PickleBuilder Global(string module, string name) => Op($"c{module}\n{name}\n");

    public PickleBuilder Numbers(IReadOnlyList<long> values)
    {
        Op("(");
        foreach (var value in values)
        {
            Number(value);
        }

        return Op("t");
    }

    /// <summary><c>OrderedDict()</c>, remembered and open for items.</summary>
    public PickleBuilder OrderedDict() => Global("collections", "OrderedDict").Op(")R").Raw((byte)'q', _memo++);

    public PickleBuilder Storage(string storageClass, string key, long count) =>
        Op("(").Text("storage").Global("torch", storageClass).Text(key).Text("cpu").Number(count).Op("tQ");

    /// <summary>A call of _rebuild_tensor_v2; strides in elements.</summary>
    public PickleBuilder Tensor(string storageClass, string key, long count, long offset, long[] shape, long[] strides) =>
        Global("torch._utils", "_rebuild_tensor_v2").Op("(").Storage(storageClass, key, count).Number(offset).Numbers(shape).Numbers(strides)
            .Raw(0x89).Global("collections", "OrderedDict").Op(")RtR");

    public byte[] Stop() => [.. Op(".")._bytes];

    /// <summary>Row-major strides.</summary>
    public static long[] Contiguous(long[] shape)
    {
        var strides = new long[shape.Length];
        for (var (i, step) = (shape.Length - 1, 1L); i >= 0; step *= shape[i], i--)
        {
            strides[i] = step;
        }

        return strides;
    }
}
