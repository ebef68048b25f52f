using System.Buffers.Binary;
using System.Text;
using OrleansLM.Engine.Models;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Gpu;

/// <summary>A Mistral of random weights as a model folder, for what begins with files: whole engines. Removed when it is disposed.</summary>
internal sealed class RandomCheckpoint : IDisposable
{
    private readonly ModelConfig _config;

    /// <summary>Writes the folder.</summary>
    public RandomCheckpoint(ModelConfig config)
    {
        _config = config;
        Folder = Directory.CreateTempSubdirectory("orleanslm-random-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(Folder, "config.json"), Config());
            WriteWeights();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public string Folder { get; }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private unsafe void WriteWeights()
    {
        using var weights = new RandomWeights(_config);
        var ids = WeightCatalog.All(_config).ToArray();
        var (starts, header) = Lay(ids);
        using var file = File.OpenHandle(
            Path.Combine(Folder, "model.safetensors"), FileMode.CreateNew, FileAccess.Write, preallocationSize: header.Length + weights.TotalBytes);
        RandomAccess.Write(file, header, 0);
        Parallel.For(0, ids.Length, i =>
        {
            var tensor = weights.Get(ids[i]);
            RandomAccess.Write(file, new ReadOnlySpan<byte>(tensor.Data, checked(tensor.Rows * tensor.Columns * sizeof(ushort))), header.Length + starts[i]);
        });
    }

    /// <summary>Where each tensor begins behind the header, and the header with its length.</summary>
    private (long[] Starts, byte[] Header) Lay(WeightId[] ids)
    {
        var starts = new long[ids.Length];
        var entries = new string[ids.Length];
        var end = 0L;
        for (var i = 0; i < ids.Length; i++)
        {
            var shape = WeightCatalog.Shape(_config, ids[i]);
            (starts[i], end) = (end, end + shape.ElementCount * sizeof(ushort));
            var sizes = shape.IsVector ? $"{shape.Columns}" : $"{shape.Rows},{shape.Columns}";
            entries[i] = $"\"{Name(ids[i])}\":{{\"dtype\":\"BF16\",\"shape\":[{sizes}],\"data_offsets\":[{starts[i]},{end}]}}";
        }

        var text = $"{{{string.Join(',', entries)}}}";
        var header = new byte[sizeof(long) + (text.Length + 7) / 8 * 8];
        header.AsSpan().Fill((byte)' ');
        BinaryPrimitives.WriteInt64LittleEndian(header, header.Length - sizeof(long));
        Encoding.ASCII.GetBytes(text, header.AsSpan(sizeof(long)));
        return (starts, header);
    }

    private string Config() =>
        $$"""
        {
          "model_type": "mistral", "vocab_size": {{_config.VocabularySize}}, "hidden_size": {{_config.HiddenSize}}, "intermediate_size": {{_config.IntermediateSize}},
          "num_hidden_layers": {{_config.LayerCount}}, "num_attention_heads": {{_config.HeadCount}}, "num_key_value_heads": {{_config.KeyValueHeadCount}}, "head_dim": {{_config.HeadDim}},
          "hidden_act": "silu", "max_position_embeddings": {{_config.ContextLength}}, "rms_norm_eps": 1e-05, "rope_theta": 10000.0, "sliding_window": null,
          "tie_word_embeddings": false, "bos_token_id": 1, "eos_token_id": 2, "torch_dtype": "bfloat16"
        }
        """;

    private static string Name(WeightId id) => id.Role switch
    {
        WeightRole.TokenEmbedding => "model.embed_tokens.weight",
        WeightRole.FinalNorm => "model.norm.weight",
        WeightRole.Output => "lm_head.weight",
        _ => $"model.layers.{id.Layer}.{Part(id.Role)}.weight",
    };

    private static string Part(WeightRole role) => role switch
    {
        WeightRole.AttentionNorm => "input_layernorm",
        WeightRole.Query => "self_attn.q_proj",
        WeightRole.Key => "self_attn.k_proj",
        WeightRole.Value => "self_attn.v_proj",
        WeightRole.AttentionOutput => "self_attn.o_proj",
        WeightRole.FeedForwardNorm => "post_attention_layernorm",
        WeightRole.Gate => "mlp.gate_proj",
        WeightRole.Up => "mlp.up_proj",
        WeightRole.Down => "mlp.down_proj",
        _ => throw new ArgumentException($"a Mistral model has no weight '{role}'"),
    };
}
