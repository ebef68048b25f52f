using System.Runtime.InteropServices;
using OrleansLM.Engine.Models;
using OrleansLM.Engine.Tensors;
using OrleansLM.Engine.Tests.Weights.PyTorch;
using OrleansLM.Engine.Tests.Weights.Safetensors;
using OrleansLM.Engine.Weights;
using OrleansLM.Engine.Weights.Configuration;

namespace OrleansLM.Engine.Tests.Weights;

public sealed class CheckpointTests
{
    private const string Query = "model.layers.1.self_attn.q_proj.weight";
    private static readonly WeightId QueryId = new(WeightRole.Query, 1);

    [Fact]
    public void Opens_the_shipped_mistral_model()
    {
        using var checkpoint = Checkpoint.Open(TestFiles.Model("tiny-yarn-mistral-128k"));
        Assert.Equal("tiny-yarn-mistral-128k", checkpoint.Name);
        Assert.Equal(ModelFamily.Mistral, checkpoint.Config.Family);
        Assert.Equal(131072, checkpoint.Config.ContextLength);
        Assert.Null(checkpoint.Config.SlidingWindow);
        Assert.Equal(9_965_824, checkpoint.ParameterCount);
        Assert.Equal(2 * 9_965_824, checkpoint.TotalBytes);
        Assert.Equal([DataType.BFloat16], checkpoint.WeightTypes);
        Assert.Equal("config (32/1/0.1)", checkpoint.Config.Rope.Yarn!.Name);
        Assert.Empty(checkpoint.Warnings);
    }

    [Fact]
    public void Opens_the_shipped_supra_model()
    {
        using var checkpoint = Checkpoint.Open(TestFiles.Model("tiny-supra"));
        Assert.Equal(ModelFamily.Supra, checkpoint.Config.Family);
        Assert.Equal(SupraDecay.Lightning, checkpoint.Config.Supra!.Decay);
        Assert.Equal(6_723_072, checkpoint.ParameterCount);
        Assert.Equal([DataType.BFloat16], checkpoint.WeightTypes);
        Assert.Empty(checkpoint.Warnings);
    }

    [Fact]
    public unsafe void Fused_tensors_appear_as_rows_under_their_roles()
    {
        using var checkpoint = Checkpoint.Open(TestFiles.Model("tiny-supra"));
        var (query, key, value) = (Get(WeightRole.Query), Get(WeightRole.Key), Get(WeightRole.Value));
        Assert.Equal((256, 128, 128), (query.Rows, key.Rows, value.Rows));
        Assert.Equal((nint)(query.Data + query.SizeInBytes), (nint)key.Data);
        Assert.Equal((nint)(key.Data + key.SizeInBytes), (nint)value.Data);
        var (gate, up) = (Get(WeightRole.Gate), Get(WeightRole.Up));
        Assert.Equal((nint)(gate.Data + gate.SizeInBytes), (nint)up.Data);

        HostTensor Get(WeightRole role) => checkpoint.Weights.Get(new WeightId(role, 3));
    }

    [Theory]
    [InlineData("model.", "")]
    [InlineData("", "")]
    [InlineData("module.model.", "module.")]
    public void Prefixes_of_names_do_not_matter(string prefix, string headPrefix)
    {
        using var folder = SyntheticModel.Write(SyntheticModel.Tensors(prefix, headPrefix));
        using var checkpoint = Checkpoint.Open(folder.Path);
        Assert.Equal(SyntheticModel.Tensors()[Query].Values, Values(checkpoint.Weights.Get(QueryId)));
        Assert.Equal(SyntheticModel.Tensors()["lm_head.weight"].Values, Values(checkpoint.Weights.Get(new WeightId(WeightRole.Output))));
        Assert.Empty(checkpoint.Warnings);
    }

    [Fact]
    public void Both_formats_and_shards_hold_the_same_model()
    {
        using var single = SyntheticModel.Write();
        using var sharded = WriteShards(SyntheticModel.Tensors());
        using var pytorch = WritePytorch();
        string[] prints = [Fingerprint(single), Fingerprint(sharded), Fingerprint(pytorch)];
        Assert.Single(prints.Distinct());
        using var other = SyntheticModel.Write(SyntheticModel.Tensors(seed: 2));
        Assert.NotEqual(prints[0], Fingerprint(other));
        using var otherConfig = SyntheticModel.Write(config: SyntheticModel.Config.Replace("1e-5", "1e-6", StringComparison.Ordinal));
        Assert.NotEqual(prints[0], Fingerprint(otherConfig));
    }

    [Fact]
    public void Tensors_that_are_not_contiguous_are_copied()
    {
        var tensors = SyntheticModel.Tensors();
        var (shape, values) = tensors[Query];
        var pickle = new PickleBuilder().OrderedDict().Op("(");
        List<byte[]> storages = [];
        foreach (var (name, tensor) in tensors)
        {
            long[] strides = name == Query ? [1, 16] : PickleBuilder.Contiguous(tensor.Shape);
            pickle.Text(name).Tensor("FloatStorage", $"{storages.Count}", tensor.Values.Length, 0, tensor.Shape, strides);
            storages.Add(MemoryMarshal.AsBytes(tensor.Values.AsSpan()).ToArray());
        }

        using var folder = new TemporaryFolder();
        folder.Write("config.json", SyntheticModel.Config);
        folder.Write("pytorch_model.bin", PytorchBuilder.Archive(pickle.Op("u").Stop(), storages).Build());
        using var checkpoint = Checkpoint.Open(folder.Path);
        var transposed = Enumerable.Range(0, values.Length).Select(i => values[i % 16 * 16 + i / 16]);
        Assert.Equal(transposed, Values(checkpoint.Weights.Get(QueryId)));
        Assert.Equal(32, checkpoint.Fingerprint.Length);
    }

    [Fact]
    public unsafe void Tensors_that_are_not_aligned_are_copied()
    {
        var tensors = SyntheticModel.Tensors();
        var builder = new SafetensorsBuilder().Add("odd", "U8", [1], [0]);
        foreach (var (name, (shape, values)) in tensors)
        {
            builder.Add(name, "F32", shape, MemoryMarshal.AsBytes(values.AsSpan()).ToArray());
        }

        using var folder = SyntheticModel.Write();
        folder.Write("model.safetensors", builder.Build());
        using var checkpoint = Checkpoint.Open(folder.Path);
        var query = checkpoint.Weights.Get(QueryId);
        Assert.Equal(0, (nint)query.Data % 4);
        Assert.Equal(tensors[Query].Values, Values(query));
        Assert.Contains("1 tensors are not used: odd", Assert.Single(checkpoint.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public unsafe void Tied_embeddings_are_one_tensor()
    {
        var tensors = SyntheticModel.Tensors();
        tensors.Remove("lm_head.weight");
        using var folder = SyntheticModel.Write(tensors, SyntheticModel.Config.Replace("\"torch_dtype\"", "\"tie_word_embeddings\": true, \"torch_dtype\"", StringComparison.Ordinal));
        using var checkpoint = Checkpoint.Open(folder.Path);
        Assert.True(checkpoint.Weights.Get(new WeightId(WeightRole.Output)).Data == checkpoint.Weights.Get(new WeightId(WeightRole.TokenEmbedding)).Data);
        Assert.Equal(tensors.Values.Sum(tensor => tensor.Values.Length), checkpoint.ParameterCount);
    }

    [Fact]
    public void Names_a_missing_tensor_its_role_and_the_files()
    {
        var tensors = SyntheticModel.Tensors();
        tensors.Remove(Query);
        AssertRefused(tensors, $"layer 1 Query: no tensor '{Query}' in model.safetensors");
    }

    [Fact]
    public void Names_a_wrong_shape_in_letters_and_numbers()
    {
        var tensors = SyntheticModel.Tensors();
        tensors[Query] = ([8, 32], tensors[Query].Values);
        AssertRefused(tensors, $"tensor '{Query}' (layer 1 Query) has shape [8, 32]; the config makes it [H·D, C] = [16, 16]");
    }

    [Fact]
    public void Names_a_vocabulary_of_another_size()
    {
        var tensors = SyntheticModel.Tensors();
        tensors["model.embed_tokens.weight"] = ([41, 16], new float[41 * 16]);
        AssertRefused(tensors, "has shape [41, 16]; the config makes it [V, C] = [40, 16]");
    }

    [Fact]
    public void Refuses_types_that_are_not_computed_with()
    {
        var builder = new SafetensorsBuilder();
        foreach (var (name, (shape, values)) in SyntheticModel.Tensors())
        {
            builder.Add(name, name == Query ? "I32" : "F32", shape, MemoryMarshal.AsBytes(values.AsSpan()).ToArray());
        }

        using var folder = SyntheticModel.Write();
        folder.Write("model.safetensors", builder.Build());
        AssertRefused(folder, "(layer 1 Query) holds Int32; expected Float32, BFloat16 or Float16");
    }

    [Fact]
    public void Explains_meta_names()
    {
        var tensors = new Dictionary<string, (long[], float[])> { ["tok_embeddings.weight"] = ([40, 16], new float[640]), ["layers.0.attention.wq.weight"] = ([16, 16], new float[256]) };
        AssertRefused(tensors, "Meta's consolidated names");
    }

    [Fact]
    public void Refuses_weights_of_another_model()
    {
        using var folder = SyntheticModel.Write();
        using var checkpoint = Checkpoint.Open(folder.Path);
        Assert.Contains("a Llama model of 2 layers has no weight 'layer 2 Query'", Assert.Throws<CheckpointException>(() => checkpoint.Weights.Get(new WeightId(WeightRole.Query, 2))).Message, StringComparison.Ordinal);
        Assert.Throws<CheckpointException>(() => checkpoint.Weights.Get(new WeightId(WeightRole.KeyFeatureMap, 0)));
        Assert.Throws<CheckpointException>(() => checkpoint.Weights.Get(new WeightId(WeightRole.Output, 0)));
    }

    [Fact]
    public void Rotary_buffers_of_old_checkpoints_are_ignored()
    {
        var tensors = SyntheticModel.Tensors();
        tensors.Add("model.layers.0.self_attn.rotary_emb.inv_freq", ([2], [1, 2]));
        using var folder = SyntheticModel.Write(tensors);
        using var checkpoint = Checkpoint.Open(folder.Path);
        Assert.Empty(checkpoint.Warnings);
    }

    [Fact]
    public void Prefers_safetensors_and_says_so()
    {
        using var folder = SyntheticModel.Write();
        folder.Write("pytorch_model.bin", "not even a zip file");
        using var checkpoint = Checkpoint.Open(folder.Path);
        Assert.Contains("model.safetensors is read", Assert.Single(checkpoint.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Names_what_is_missing_of_a_folder()
    {
        using var folder = new TemporaryFolder();
        AssertRefused(Path.Combine(folder.Path, "none"), "there is no such folder");
        AssertRefused(folder, "there is no config.json");
        AssertRefused(folder.Write("config.json", SyntheticModel.Config), "is a file; expected a model folder");
        AssertRefused(folder, "there are no weights; expected model.safetensors or pytorch_model.bin");
    }

    [Theory]
    [InlineData("""{"weight_map":{"a":"../secret.safetensors"}}""", "expected the plain name of a file")]
    [InlineData("""{"weight_map":{"a":"/etc/passwd"}}""", "expected the plain name of a file")]
    [InlineData("""{"weight_map":{"a":".."}}""", "expected the plain name of a file")]
    [InlineData("""{"weight_map":{"a":"sub\\x.safetensors"}}""", "expected the plain name of a file")]
    [InlineData("""{"weight_map":{"a":"x\u0000.safetensors"}}""", "expected the plain name of a file")]
    [InlineData("""{"weight_map":{"a":5}}""", "expected the plain name of a file")]
    [InlineData("""{"weight_map":[]}""", "weight_map is missing or no object")]
    [InlineData("""{}""", "weight_map is missing or no object")]
    [InlineData("""{"weight_map":{"a":"1.safetensors","b":"2.safetensors"}}""", "2 of 2 weight files that the index names are missing: 1.safetensors, 2.safetensors")]
    [InlineData("""{"weight_map":{"a":"\ud800"}}""", "index.json")]
    public void Refuses_an_index(string json, string expected)
    {
        using var folder = new TemporaryFolder();
        folder.Write("config.json", SyntheticModel.Config);
        folder.Write("model.safetensors.index.json", json);
        AssertRefused(folder, expected);
    }

    [Fact]
    public void The_index_must_keep_its_promise()
    {
        using var folder = WriteShards(SyntheticModel.Tensors(), ("phantom", "model-00001-of-00002.safetensors"));
        AssertRefused(folder, "model-00001-of-00002.safetensors: has no tensor 'phantom', which the index promises");
    }

    [Fact]
    public void A_tensor_in_two_files_comes_from_the_one_that_the_index_names()
    {
        var tensors = SyntheticModel.Tensors();
        using var folder = WriteShards(tensors);
        var second = tensors.Where((_, i) => i % 2 == 1).Append(KeyValuePair.Create(tensors.Keys.First(), (tensors.Values.First().Shape, new float[tensors.Values.First().Values.Length]))).ToDictionary();
        folder.Write("model-00002-of-00002.safetensors", SyntheticModel.Safetensors(second));
        using var checkpoint = Checkpoint.Open(folder.Path);
        Assert.Equal(tensors.Values.First().Values, Values(checkpoint.Weights.Get(new WeightId(WeightRole.TokenEmbedding))));
    }

    [Fact]
    public void A_tensor_in_two_files_without_an_index_is_refused()
    {
        using var folder = SyntheticModel.Write();
        var copy = folder.Write("copy.safetensors", File.ReadAllBytes(Path.Combine(folder.Path, "model.safetensors")));
        var config = ConfigReader.Read(folder.Path, new CheckpointOptions());
        var error = Assert.Throws<CheckpointException>(() => Checkpoint.Over("x", config, [Path.Combine(folder.Path, "model.safetensors"), copy]));
        Assert.Contains("stands in both", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Counts_what_is_not_finite()
    {
        var tensors = SyntheticModel.Tensors();
        tensors[Query].Values[3] = float.NaN;
        tensors[Query].Values[17] = float.NegativeInfinity;
        tensors[Query].Values[^1] = float.PositiveInfinity;
        using var folder = SyntheticModel.Write(tensors);
        using var checkpoint = Checkpoint.Open(folder.Path);
        Assert.Equal(3, FiniteCheck.CountNonFinite(checkpoint.Weights.Get(QueryId)));
        Assert.Equal(0, FiniteCheck.CountNonFinite(checkpoint.Weights.Get(QueryId with { Layer = 0 })));
        using var shipped = Checkpoint.Open(TestFiles.Model("tiny-yarn-mistral-128k"));
        Assert.All(WeightCatalog.All(shipped.Config), id => Assert.Equal(0, FiniteCheck.CountNonFinite(shipped.Weights.Get(id))));
    }

    [Theory]
    [InlineData(DataType.BFloat16, 0x7F80, 0x7F7F)]
    [InlineData(DataType.Float16, 0x7C00, 0x7BFF)]
    public unsafe void Counts_infinities_of_half_types(DataType type, ushort infinity, ushort largest)
    {
        var values = new ushort[77];
        values.AsSpan().Fill(largest);
        values[0] = infinity;
        values[40] = (ushort)(infinity | 0x8001);
        values[76] = infinity;
        fixed (ushort* data = values)
        {
            Assert.Equal(3, FiniteCheck.CountNonFinite(new HostTensor((byte*)data, type, 7, 11)));
        }
    }

    [Fact]
    public void A_closed_checkpoint_hands_out_nothing()
    {
        using var folder = SyntheticModel.Write();
        var checkpoint = Checkpoint.Open(folder.Path);
        checkpoint.Dispose();
        Assert.Throws<ObjectDisposedException>(() => checkpoint.Weights.Get(QueryId));
        checkpoint.Dispose();
    }

    [Fact]
    public void Opening_touches_no_weights_file_beyond_its_header()
    {
        // A header over a hole of 8 GiB: reading it would take time and memory that this test does not have.
        using var folder = new TemporaryFolder();
        const long Elements = 2L << 30;
        var header = "{\"a\":{\"dtype\":\"F32\",\"shape\":[" + Elements + "],\"data_offsets\":[0," + Elements * 4 + "]}}";
        var path = folder.Write("big.safetensors", SafetensorsBuilder.FromHeader(header, []));
        using (var stream = File.OpenWrite(path))
        {
            stream.SetLength(stream.Length + Elements * 4);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        using var file = OrleansLM.Engine.Weights.Safetensors.SafetensorsFile.Open(path);
        Assert.Equal(Elements, file.Tensors["a"].ElementCount);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    private static TemporaryFolder WriteShards(Dictionary<string, (long[] Shape, float[] Values)> tensors, params (string Name, string File)[] promises)
    {
        var folder = new TemporaryFolder();
        folder.Write("config.json", SyntheticModel.Config);
        var entries = promises.Select(promise => $"\"{promise.Name}\":\"{promise.File}\"").ToList();
        foreach (var shard in tensors.Select((tensor, i) => (Tensor: tensor, Shard: i % 2 + 1)).GroupBy(entry => entry.Shard))
        {
            var file = $"model-0000{shard.Key}-of-00002.safetensors";
            folder.Write(file, SyntheticModel.Safetensors(shard.Select(entry => entry.Tensor).ToDictionary()));
            entries.AddRange(shard.Select(entry => $"\"{entry.Tensor.Key}\":\"{file}\""));
        }

        folder.Write("model.safetensors.index.json", "{\"metadata\":{\"total_size\":1},\"weight_map\":{" + string.Join(",", entries) + "}}");
        return folder;
    }

    private static TemporaryFolder WritePytorch()
    {
        var folder = new TemporaryFolder();
        folder.Write("config.json", SyntheticModel.Config);
        folder.Write("pytorch_model-1.bin", PytorchBuilder.Build(SyntheticModel.Tensors()));
        folder.Write("pytorch_model.bin.index.json", "{\"weight_map\":{" + string.Join(",", SyntheticModel.Tensors().Keys.Select(name => $"\"{name}\":\"pytorch_model-1.bin\"")) + "}}");
        return folder;
    }

    private static string Fingerprint(TemporaryFolder folder)
    {
        using var checkpoint = Checkpoint.Open(folder.Path);
        return checkpoint.Fingerprint;
    }

    /// <summary>What lies in memory; what is read from the file must be the same.</summary>
    private static unsafe float[] Values(HostTensor tensor)
    {
        var values = new ReadOnlySpan<float>(tensor.Data, tensor.Rows * tensor.Columns).ToArray();
        var bytes = new byte[tensor.SizeInBytes];
        tensor.CopyTo(0, bytes);
        Assert.Equal(values, MemoryMarshal.Cast<byte, float>(bytes).ToArray());
        tensor.CopyTo(4, bytes.AsSpan(0, 4));
        Assert.Equal(values[1], MemoryMarshal.Read<float>(bytes));
        return values;
    }

    private static void AssertRefused(Dictionary<string, (long[] Shape, float[] Values)> tensors, string expected)
    {
        using var folder = SyntheticModel.Write(tensors);
        AssertRefused(folder, expected);
    }

    private static void AssertRefused(TemporaryFolder folder, string expected) => AssertRefused(folder.Path, expected);

    private static void AssertRefused(string directory, string expected) =>
        Assert.Contains(expected, Assert.Throws<CheckpointException>(() => Checkpoint.Open(directory)).Message, StringComparison.Ordinal);
}
