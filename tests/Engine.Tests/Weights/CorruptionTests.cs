using OrleansLM.Engine.Tests.Weights.PyTorch;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Engine.Tests.Weights;

/// <summary>Files with bytes changed at random, always the same ones: a checkpoint opens or is refused with a CheckpointException, and nothing else happens.</summary>
public sealed class CorruptionTests : IDisposable
{
    // A corrupted count must not become an allocation: real headers here have a few kilobytes.
    private const long MaxBytesPerOpen = 64 << 20;

    public static TheoryData<string> Forms { get; } = new("model.safetensors", "pytorch_model.bin", "wide/pytorch_model.bin");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Forms))]
    public void Every_byte_of_the_structure_can_be_wrong(string form)
    {
        var bytes = Write(form);
        foreach (var position in Structure(bytes))
        {
            foreach (var value in new byte[] { 0x00, 0xFF, (byte)(bytes[position] ^ 1), (byte)(bytes[position] ^ 0x80) })
            {
                var changed = (byte[])bytes.Clone();
                changed[position] = value;
                OpenOrRefuse(form, changed, $"byte {position} = {value}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Random_damage_is_refused_or_harmless(string form)
    {
        var bytes = Write(form);
        var structure = Structure(bytes);
        var random = new Random(20260730);
        for (var round = 0; round < 1000; round++)
        {
            OpenOrRefuse(form, Damage(bytes, structure, random), $"round {round}");
        }
    }

    /// <summary>1 to 4 of: bytes overwritten, a piece copied elsewhere, cut out, or the end cut off.</summary>
    private static byte[] Damage(byte[] bytes, int[] structure, Random random)
    {
        var changed = new List<byte>(bytes);
        for (var times = random.Next(1, 5); times > 0 && changed.Count > 0; times--)
        {
            var at = Math.Min(structure[random.Next(structure.Length)], changed.Count - 1);
            var length = random.Next(1, Math.Min(16, changed.Count - at) + 1);
            switch (random.Next(8))
            {
                case 0: changed.RemoveRange(at, length); break;
                case 1: changed.InsertRange(at, changed.GetRange(random.Next(changed.Count - length + 1), length)); break;
                case 2: changed.RemoveRange(at, changed.Count - at); break;
                default:
                    for (var i = 0; i < length; i++)
                    {
                        changed[at + i] = (byte)random.Next(256);
                    }

                    break;
            }
        }

        return [.. changed];
    }

    private static byte[] Write(string form)
    {
        // One layer's worth of tensors: the structure is what matters, and every byte of it is tried.
        var tensors = SyntheticModel.Tensors().Where(tensor => tensor.Key.Contains("norm", StringComparison.Ordinal)).ToDictionary();
        return form.EndsWith(".bin", StringComparison.Ordinal) ? PytorchBuilder.Build(tensors, isWide: form.StartsWith("wide", StringComparison.Ordinal)) : SyntheticModel.Safetensors(tensors);
    }

    /// <summary>Positions whose bytes describe something: all but the float data, found by changing what they hold.</summary>
    private static int[] Structure(byte[] bytes)
    {
        var random = new byte[bytes.Length];
        var data = SyntheticModel.Tensors().Values.Select(tensor => System.Runtime.InteropServices.MemoryMarshal.AsBytes(tensor.Values.AsSpan()).ToArray());
        foreach (var values in data)
        {
            if (bytes.AsSpan().IndexOf(values) is >= 0 and var at)
            {
                random.AsSpan(at, values.Length).Fill(1);
            }
        }

        return [.. Enumerable.Range(0, bytes.Length).Where(position => random[position] == 0)];
    }

    private void OpenOrRefuse(string form, byte[] bytes, string what)
    {
        var path = _folder.Write(Path.GetFileName(form), bytes);
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            using var files = CheckpointFiles.OpenAll([path], null);
            foreach (var file in files.Files)
            {
                TouchAll(file);
            }
        }
        catch (CheckpointException)
        {
        }
        catch (Exception other)
        {
            Assert.Fail($"{form}, {what}: {other}");
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < MaxBytesPerOpen, $"{form}, {what}: {allocated} bytes were allocated");
    }

    /// <summary>Whatever was accepted lies inside the file: reading past its end would kill the process.</summary>
    private static unsafe void TouchAll(ITensorFile file)
    {
        using var copies = new TensorCopies();
        foreach (var tensor in file.Tensors.Values.Where(tensor => tensor.Shape.Count is 1 or 2 && tensor.SizeInBytes > 0 && tensor.Type.ToDataType() is not null))
        {
            var start = copies.AddressOf(file, tensor).Data;
            _ = start[0] + start[tensor.SizeInBytes - 1];
        }
    }
}
