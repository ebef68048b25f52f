using System.Buffers.Binary;
using OrleansLM.Engine.Weights;
using OrleansLM.Engine.Weights.Safetensors;

namespace OrleansLM.Engine.Tests.Weights.Safetensors;

public sealed class SafetensorsFileTests
{
    private static readonly byte[] EightBytes = [1, 2, 3, 4, 5, 6, 7, 8];

    public static TheoryData<string, string> BadHeaders { get; } = new()
    {
        { """[]""", "does not begin with '{'" },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}""", "not valid JSON" },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}} x""", "not valid JSON" },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],}}""", "not valid JSON" },
        { """{"a":{"dtype":"\ud800","shape":[2],"data_offsets":[0,8]}}""", "not valid JSON" },
        { """{"\ud800":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "not valid JSON" },
        { """{"a":{"x":[[[[[[[[[[1]]]]]]]]]],"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "not valid JSON" },
        { """{"a":3}""", "'a' is not an object" },
        { """{"a":{"shape":[2],"data_offsets":[0,8]}}""", "'a' has no 'dtype'" },
        { """{"a":{"dtype":"F32","data_offsets":[0,8]}}""", "'a' has no 'shape'" },
        { """{"a":{"dtype":"F32","shape":[2]}}""", "'a' has no 'data_offsets'" },
        { """{"a":{"dtype":"F33","shape":[2],"data_offsets":[0,8]}}""", "dtype 'F33' is not known" },
        { """{"a":{"dtype":5,"shape":[2],"data_offsets":[0,8]}}""", "dtype is not a string" },
        { """{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", "shape is not an array" },
        { """{"a":{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}}""", "shape is not an array" },
        { """{"a":{"dtype":"F32","shape":[[2]],"data_offsets":[0,8]}}""", "shape is not an array" },
        { """{"a":{"dtype":"F32","shape":2,"data_offsets":[0,8]}}""", "shape is not an array" },
        { """{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,8]}}""", "shape is not an array" },
        { """{"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,2],"data_offsets":[0,8]}}""", "shape is not an array" },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}""", "data_offsets has 1 numbers" },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", "data_offsets are [8, 0]" },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,9223372036854775807]}}""", "expected a range within the file's 8 bytes" },
        { """{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", "shape [3] of F32 needs 12" },
        { """{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}""", "needs a size that no file has" },
        { """{"a":{"dtype":"F32","shape":[4294967296,4294967296,4294967296],"data_offsets":[0,8]}}""", "needs a size that no file has" },
        { """{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,8]}}""", "needs a size that no file has" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "end at data byte 4" },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "leaves a hole" },
        { """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}""", "'b' begins at data byte 4 and leaves a hole" },
        { """{"a":{"dtype":"U8","shape":[6],"data_offsets":[0,6]},"b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}""", "'b' begins at data byte 4 and overlaps" },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[0],"data_offsets":[8,8]}}""", "'a' stands in the header twice" },
        { """{"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "'a' has 'dtype' twice" },
        { """{"__metadata__":{"a":1}}""", "__metadata__.a is not a string" },
        { """{"__metadata__":"x"}""", "__metadata__ is not an object" },
        { """{"__metadata__":{},"__metadata__":{}}""", "'__metadata__' stands in the header twice" },
    };

    [Theory]
    [MemberData(nameof(BadHeaders))]
    public void Refuses_a_header(string header, string expected) => AssertRefused(SafetensorsBuilder.FromHeader(header, EightBytes), expected);

    [Fact]
    public void Refuses_an_empty_file() => AssertRefused([], "has 0 bytes");

    [Fact]
    public void Refuses_a_length_behind_the_end()
    {
        var bytes = SafetensorsBuilder.FromHeader("{}", []);
        bytes[0]++;
        AssertRefused(bytes, "only 8 bytes follow");
    }

    [Theory]
    [InlineData(100_000_001UL)]
    [InlineData(ulong.MaxValue)]
    public void Refuses_a_length_above_the_limit(ulong length)
    {
        var bytes = new byte[64];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);
        AssertRefused(bytes, "expected at most 100000000");
    }

    [Fact]
    public void Refuses_a_header_that_is_not_utf8()
    {
        byte[] header = [.. "{\"a"u8, 0xFF, .. "\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}"u8];
        AssertRefused(SafetensorsBuilder.FromHeader(header, EightBytes), "not valid UTF-8");
    }

    [Fact]
    public void Refuses_a_deep_header_without_recursion() =>
        AssertRefused(SafetensorsBuilder.FromHeader("{\"a\":" + new string('[', 1_000_000), EightBytes), "not an object");

    [Fact]
    public void Refuses_truncation_at_every_byte()
    {
        var bytes = SyntheticModel.Safetensors(SyntheticModel.Tensors().Take(3).ToDictionary());
        using var folder = new TemporaryFolder();
        for (var length = 0; length < bytes.Length; length += length < 512 ? 1 : 97)
        {
            var path = folder.Write("m.safetensors", bytes.AsSpan(0, length));
            Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(path));
        }
    }

    [Fact]
    public unsafe void Reads_what_was_written()
    {
        var builder = new SafetensorsBuilder()
            .Add("scalar", "F32", [], BitConverter.GetBytes(1.5f))
            .Add("empty", "BF16", [3, 0], [])
            .Add("half", "F16", [1, 2], [1, 2, 3, 4])
            .Add("bytes", "U8", [3], [7, 8, 9]);
        using var folder = new TemporaryFolder();
        using var file = SafetensorsFile.Open(folder.Write("m.safetensors", builder.Build()));
        Assert.Equal(["bytes", "empty", "half", "scalar"], file.Tensors.Keys.Order());
        Assert.Equal(1.5f, *(float*)(file.Map() + file.Tensors["scalar"].FileOffset));
        Assert.Equal(0, file.Tensors["empty"].SizeInBytes);
        Assert.Equal([7, 8, 9], new ReadOnlySpan<byte>(file.Map() + file.Tensors["bytes"].FileOffset, 3).ToArray());
        Assert.Equal(StoredType.Float16, file.Tensors["half"].Type);
        Assert.Equal([1L, 2L], file.Tensors["half"].Shape);
    }

    [Fact]
    public void A_file_without_tensors_is_valid()
    {
        using var folder = new TemporaryFolder();
        using var file = SafetensorsFile.Open(folder.Write("m.safetensors", SafetensorsBuilder.FromHeader("""{"__metadata__":{"format":"pt"}}""", [])));
        Assert.Empty(file.Tensors);
    }

    private static void AssertRefused(byte[] bytes, string expected)
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("m.safetensors", bytes);
        var error = Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(path));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
    }
}
