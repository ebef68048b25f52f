using System.Runtime.InteropServices;

namespace OrleansLM.Engine.Tests.Weights.PyTorch;

/// <summary>Writes PyTorch checkpoints: a state dict over float32 storages.</summary>
internal static class PytorchBuilder
{
    /// <summary>One tensor per name, each in a storage of its own.</summary>
    public static byte[] Build(IReadOnlyDictionary<string, (long[] Shape, float[] Values)> tensors, bool isWide = false, string? wrapper = null)
    {
        var pickle = new PickleBuilder();
        if (wrapper is not null)
        {
            pickle.Op("}").Text("epoch").Op("K").Raw(3).Op("s").Text(wrapper);
        }

        pickle.OrderedDict().Op("(");
        var storages = new List<byte[]>();
        foreach (var (name, (shape, values)) in tensors)
        {
            pickle.Text(name).Tensor("FloatStorage", $"{storages.Count}", values.Length, 0, shape, PickleBuilder.Contiguous(shape));
            storages.Add(MemoryMarshal.AsBytes(values.AsSpan()).ToArray());
        }

        pickle.Op(wrapper is null ? "u" : "us");
        return Archive(pickle.Stop(), storages, isWide).Build();
    }

    public static ZipBuilder Archive(byte[] pickle, IReadOnlyList<byte[]> storages, bool isWide = false, string? byteOrder = "little")
    {
        var zip = new ZipBuilder { IsWide = isWide }.Add("archive/data.pkl", pickle);
        if (byteOrder is not null)
        {
            zip.Add("archive/byteorder", System.Text.Encoding.ASCII.GetBytes(byteOrder));
        }

        for (var i = 0; i < storages.Count; i++)
        {
            zip.Add($"archive/data/{i}", storages[i]);
        }

        return zip.Add("archive/version", "3\n"u8.ToArray());
    }
}
