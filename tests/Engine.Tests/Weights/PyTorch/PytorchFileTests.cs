using System.Runtime.InteropServices;
using OrleansLM.Engine.Weights;
using OrleansLM.Engine.Weights.PyTorch;

namespace OrleansLM.Engine.Tests.Weights.PyTorch;

public sealed class PytorchFileTests
{
    private static readonly byte[] SixFloats = MemoryMarshal.AsBytes<float>(new float[] { 0, 1, 2, 3, 4, 5 }).ToArray();

    public static TheoryData<string, byte[], string> BadPickles { get; } = new()
    {
        { "protocol 4", new PickleBuilder(4).Op("}").Stop(), "expected a pickle of protocol 2" },
        { "os.system", new PickleBuilder().Global("os", "system").Text("true").Raw(0x85).Op("R").Stop(), "byte 13: the pickle names os.system" },
        { "builtins.eval", new PickleBuilder().Global("builtins", "eval").Stop(), "builtins.eval" },
        { "dotted name", new PickleBuilder().Global("torch", "_utils._rebuild_tensor_v3").Stop(), "_rebuild_tensor_v3" },
        { "protocol 0 instance", new PickleBuilder().Op("i").Stop(), "opcode 0x69" },
        { "frame", new PickleBuilder().Raw(0x95).Stop(), "opcode 0x95" },
        { "call of a storage class", new PickleBuilder().Global("torch", "FloatStorage").Op(")R").Stop(), "a call of torch.FloatStorage" },
        { "call of a string", new PickleBuilder().Text("x").Op(")R").Stop(), "a call of a string" },
        { "call without arguments", new PickleBuilder().Global("torch._utils", "_rebuild_tensor_v2").Op(")R").Stop(), "_rebuild_tensor_v2 with arguments other than" },
        { "empty stack", new PickleBuilder().Op("R").Stop(), "the stack is empty" },
        { "no mark", new PickleBuilder().Op("Nt").Stop(), "the stack is empty" },
        { "mark as a value", new PickleBuilder().Op("(").Raw(0x85).Stop(), "a mark where a value is expected" },
        { "mark at the end", new PickleBuilder().Op("(").Stop(), "a mark where a value is expected" },
        { "unknown memo", new PickleBuilder().Raw((byte)'h', 7).Stop(), "memo entry 7" },
        { "append to a dict", new PickleBuilder().Op("}Na").Stop(), "items are appended to a dict" },
        { "odd items", new PickleBuilder().Op("}(Nu").Stop(), "1 values are set as items of a dict" },
        { "long string", new PickleBuilder().Raw((byte)'X', 255, 255, 255, 255).Stop(), "a string of 4294967295 bytes" },
        { "bad string", new PickleBuilder().Raw((byte)'X', 1, 0, 0, 0, 0xFF).Stop(), "not UTF-8" },
        { "large int", new PickleBuilder().Raw([0x8A, 9, .. new byte[9]]).Stop(), "an int of 9 bytes" },
        { "no stop", new PickleBuilder().Op("}").Stop()[..^1], "the pickle ends here" },
        { "two values", new PickleBuilder().Op("}}").Stop(), "1 values are left" },
        { "bytes behind the end", new PickleBuilder().Op("}.").Stop(), "bytes follow the end" },
        { "no dict", new PickleBuilder().Op("N").Stop(), "the pickle is None" },
        { "no tensors", new PickleBuilder().Op("}").Text("epoch").Op("Ns").Stop(), "holds no tensors; its keys are 'epoch'" },
        { "wrapped None", new PickleBuilder().Op("}").Text("state_dict").Op("Ns").Stop(), "'state_dict' is None" },
        { "foreign persistent id", new PickleBuilder().Text("x").Op("Q").Stop(), "a persistent id that is not" },
        { "missing storage", OneTensor("9", 6, 0, [6], [1]), "no member 'archive/data/9'" },
        { "storage of another size", OneTensor("0", 7, 0, [6], [1]), "7 elements of Float32" },
        { "storage of a huge size", OneTensor("0", long.MaxValue, 0, [6], [1]), "9223372036854775807 elements" },
        { "offset outside", OneTensor("0", 6, 1, [6], [1]), "offset 1 in a storage of 6" },
        { "huge offset", OneTensor("0", 6, long.MaxValue, [1], [1]), "offset 9223372036854775807" },
        { "negative offset", OneTensor("0", 6, -1, [1], [1]), "arguments other than" },
        { "stride outside", OneTensor("0", 6, 0, [2, 3], [4, 1]), "stride (4, 1)" },
        { "huge strides", OneTensor("0", 6, 0, [2, 2, 2], [long.MaxValue, long.MaxValue, long.MaxValue]), "in a storage of 6" },
        { "huge size over no stride", OneTensor("0", 6, 0, [long.MaxValue, long.MaxValue], [0, 0]), "in a storage of 6" },
        { "negative size", OneTensor("0", 6, 0, [-1], [1]), "whole numbers from 0 on" },
        { "ranks differ", OneTensor("0", 6, 0, [6], [1, 1]), "1 sizes and 2 strides" },
        { "name twice", new PickleBuilder().Op("}(").Text("a").Tensor("FloatStorage", "0", 6, 0, [6], [1]).Text("a").Tensor("FloatStorage", "0", 6, 0, [6], [1]).Op("u").Stop(), "'a' twice" },
    };

    public static TheoryData<string, ZipBuilder, string> BadArchives { get; } = new()
    {
        { "no pickle", new ZipBuilder().Add("archive/version", [1]), "has 0 members '…/data.pkl'" },
        { "two pickles", new ZipBuilder().Add("a/data.pkl", Good).Add("b/data.pkl", Good), "has 2 members '…/data.pkl'" },
        { "deep pickle", new ZipBuilder().Add("a/b/data.pkl", Good), "has 0 members '…/data.pkl'" },
        { "deflated", With(member => member with { Method = 8 }), "'archive/data/0' is compressed (method 8)" },
        { "encrypted", With(member => member with { Flags = 1 }), "'archive/data/0' is encrypted" },
        { "same name", Archive().Add("archive/data.pkl", Good), "two members 'archive/data.pkl'" },
        { "past the directory", With(member => member with { Size = 1 << 20 }), "contradicts the directory" },
        { "other local name", With(member => member with { LocalName = "archive/data/1" }), "no local header of member 'archive/data/0'" },
        { "header in the data", With(member => member with { Offset = 3 }), "no local header of member" },
        { "header behind the end", With(member => member with { Offset = 1 << 30 }), "expected its header before the directory" },
        { "wide size past the directory", Archive(isWide: true).Add("archive/x", SixFloats, member => member with { Size = 1L << 40 }), "has 1099511627776 bytes" },
        { "wide offset behind the end", Archive(isWide: true).Add("archive/x", SixFloats, member => member with { Offset = long.MaxValue }), "expected its header before the directory" },
        { "negative wide size", Archive(isWide: true).Add("archive/x", SixFloats, member => member with { Size = -1 }), "expected equal sizes on one disk" },
        { "big endian", PytorchBuilder.Archive(Good, [SixFloats], byteOrder: "big"), "byteorder is 'big'" },
    };

    private static byte[] Good => OneTensor("0", 6, 0, [2, 3], [3, 1]);

    [Theory]
    [MemberData(nameof(BadPickles))]
    public void Refuses_a_pickle(string fault, byte[] pickle, string expected) =>
        AssertRefused(PytorchBuilder.Archive(pickle, [SixFloats]).Build(), expected, fault);

    [Theory]
    [MemberData(nameof(BadArchives))]
    public void Refuses_an_archive(string fault, ZipBuilder archive, string expected) => AssertRefused(archive.Build(), expected, fault);

    [Fact]
    public void Refuses_members_that_overlap()
    {
        var inner = new ZipBuilder { Alignment = 1 }.Add("archive/data/0", SixFloats).Build();
        var zip = new ZipBuilder().Add("archive/data.pkl", Good).Add("archive/outer", inner);
        var bytes = zip.Build();
        var innerAt = bytes.AsSpan().IndexOf(inner);
        AssertRefused(zip.Add("archive/data/0", SixFloats, member => member with { Offset = innerAt }).Build(), "overlap at byte", "overlap");
    }

    [Theory]
    [InlineData(new byte[] { 0x80, 2, 0x8A, 10 }, "before 1.6")]
    [InlineData(new byte[] { 1, 2, 3, 4 }, "does not begin like a zip file")]
    [InlineData(new byte[] { }, "does not begin like a zip file")]
    [InlineData(new byte[] { (byte)'P', (byte)'K', 3, 4, 0, 0 }, "no end record")]
    public void Refuses_other_files(byte[] bytes, string expected) => AssertRefused(bytes, expected, "other file");

    [Fact]
    public void Refuses_truncation_at_every_byte()
    {
        var bytes = Archive().Build();
        using var folder = new TemporaryFolder();
        for (var length = 0; length < bytes.Length; length++)
        {
            var path = folder.Write("m.bin", bytes.AsSpan(0, length));
            Assert.Throws<CheckpointException>(() => PytorchFile.Open(path));
        }
    }

    [Theory]
    [InlineData(false, null)]
    [InlineData(true, null)]
    [InlineData(false, "state_dict")]
    public unsafe void Reads_what_was_written(bool isWide, string? wrapper)
    {
        var tensors = SyntheticModel.Tensors();
        using var folder = new TemporaryFolder();
        using var file = PytorchFile.Open(folder.Write("m.bin", PytorchBuilder.Build(tensors, isWide, wrapper)));
        Assert.Equal(tensors.Keys.Order(), file.Tensors.Keys.Order());
        foreach (var (name, (shape, values)) in tensors)
        {
            var tensor = file.Tensors[name];
            Assert.Equal(shape, tensor.Shape);
            Assert.Equal(values, new ReadOnlySpan<float>(file.Map() + tensor.FileOffset, values.Length).ToArray());
        }
    }

    [Fact]
    public unsafe void Storages_may_lie_behind_the_first_4_gibibytes()
    {
        const long Hole = 5L << 30;
        var pickle = new PickleBuilder().Op("}(")
            .Text("hole").Tensor("HalfStorage", "0", Hole / 2, 0, [Hole / 2], [1])
            .Text("far").Tensor("FloatStorage", "1", 6, 0, [6], [1])
            .Op("u").Stop();
        using var folder = new TemporaryFolder();
        var path = folder.Write("m.bin", []);
        using (var stream = File.OpenWrite(path))
        {
            new ZipBuilder { IsWide = true }.Add("archive/data.pkl", pickle).Add("archive/data/0", [], member => member with { HoleBytes = Hole }).Add("archive/data/1", SixFloats).Build(stream);
        }

        using var file = PytorchFile.Open(path);
        var far = file.Tensors["far"];
        Assert.InRange(far.FileOffset, Hole, long.MaxValue);
        Assert.Equal(5f, ((float*)(file.Map() + far.FileOffset))[5]);
        Assert.Equal(Hole, file.Tensors["hole"].SizeInBytes);
    }

    [Fact]
    public void Tensors_may_share_a_storage_at_offsets()
    {
        var pickle = new PickleBuilder().Op("}(")
            .Text("first").Tensor("FloatStorage", "0", 6, 0, [2], [1])
            .Text("rest").Tensor("FloatStorage", "0", 6, 2, [4], [1])
            .Text("transposed").Tensor("FloatStorage", "0", 6, 0, [3, 2], [1, 3])
            .Op("u").Stop();
        using var folder = new TemporaryFolder();
        using var file = PytorchFile.Open(folder.Write("m.bin", PytorchBuilder.Archive(pickle, [SixFloats]).Build()));
        Assert.Equal(file.Tensors["first"].FileOffset + 8, file.Tensors["rest"].FileOffset);
        Assert.Null(file.Tensors["rest"].Strides);
        Assert.Equal([1L, 3L], file.Tensors["transposed"].Strides);
    }

    [Fact]
    public void Tensors_with_attributes_and_parameters_are_tensors()
    {
        var pickle = new PickleBuilder().Op("}(").Text("attributes")
            .Global("torch._tensor", "_rebuild_from_type_v2").Op("(").Global("torch._utils", "_rebuild_tensor_v2").Global("torch", "Tensor")
            .Op("(").Storage("HalfStorage", "0", 12).Number(0).Numbers([12]).Numbers([1]).Raw(0x89).OrderedDict().Op("t").Op("}tR")
            .Text("parameter").Global("torch._utils", "_rebuild_parameter").Op("(").Tensor("BFloat16Storage", "0", 12, 6, [6], [1]).Raw(0x88).OrderedDict().Op("tRu").Stop();
        using var folder = new TemporaryFolder();
        using var file = PytorchFile.Open(folder.Write("m.bin", PytorchBuilder.Archive(pickle, [SixFloats]).Build()));
        Assert.Equal(StoredType.Float16, file.Tensors["attributes"].Type);
        Assert.Equal(StoredType.BFloat16, file.Tensors["parameter"].Type);
    }

    [Fact]
    public void A_list_that_holds_itself_is_no_trouble()
    {
        var pickle = new PickleBuilder().Op("}(").Text("loop").Op("]").Raw((byte)'q', 0).Raw((byte)'h', 0).Op("a")
            .Text("t").Tensor("FloatStorage", "0", 6, 0, [6], [1]).Op("u").Stop();
        using var folder = new TemporaryFolder();
        using var file = PytorchFile.Open(folder.Write("m.bin", PytorchBuilder.Archive(pickle, [SixFloats]).Build()));
        Assert.Equal(["t"], file.Tensors.Keys);
    }

    [Fact]
    public void A_million_nested_tuples_are_refused_or_ignored_without_recursion()
    {
        var pickle = new PickleBuilder().Op("N");
        for (var i = 0; i < 1_000_000; i++)
        {
            pickle.Raw(0x85);
        }

        AssertRefused(PytorchBuilder.Archive(pickle.Stop(), [SixFloats]).Build(), "the pickle is a tuple", "nested");
    }

    [Fact]
    public void More_values_than_any_state_dict_has_are_refused()
    {
        var pickle = new PickleBuilder().Raw([.. Enumerable.Repeat((byte)']', 3_000_000)]).Stop();
        AssertRefused(PytorchBuilder.Archive(pickle, [SixFloats]).Build(), "a stack deeper than", "many");
    }

    private static byte[] OneTensor(string key, long count, long offset, long[] shape, long[] strides) =>
        new PickleBuilder().OrderedDict().Op("(").Text("t").Tensor("FloatStorage", key, count, offset, shape, strides).Op("u").Stop();

    private static ZipBuilder Archive(bool isWide = false) => PytorchBuilder.Archive(Good, [SixFloats], isWide);

    private static ZipBuilder With(Func<ZipBuilder.Member, ZipBuilder.Member> alter) =>
        new ZipBuilder().Add("archive/data.pkl", Good).Add("archive/data/0", SixFloats, alter);

    private static void AssertRefused(byte[] bytes, string expected, string fault)
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("m.bin", bytes);
        var error = Assert.Throws<CheckpointException>(() => PytorchFile.Open(path).Dispose());
        Assert.True(error.Message.Contains(expected, StringComparison.Ordinal), $"{fault}: {error.Message}");
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
    }
}
