using System.Runtime.InteropServices;
using OrleansLM.Engine.Tests.Weights.Safetensors;
using OrleansLM.Engine.Weights.Configuration;

namespace OrleansLM.Engine.Tests.Weights;

/// <summary>A small Llama model with random float32 weights, in names and shapes of the transformers layout.</summary>
internal static class SyntheticModel
{
    public const string Config =
        """
        {
          "model_type": "llama", "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
          "vocab_size": 40, "rms_norm_eps": 1e-5, "max_position_embeddings": 64, "hidden_act": "silu", "torch_dtype": "float32"
        }
        """;

    public static Dictionary<string, (long[] Shape, float[] Values)> Tensors(string prefix = "model.", string headPrefix = "", int seed = 1)
    {
        var random = new Random(seed);
        var tensors = new Dictionary<string, (long[], float[])>();
        Add($"{prefix}embed_tokens.weight", 40, 16);
        for (var layer = 0; layer < 2; layer++)
        {
            var block = $"{prefix}layers.{layer}.";
            Add(block + "self_attn.q_proj.weight", 16, 16);
            Add(block + "self_attn.k_proj.weight", 8, 16);
            Add(block + "self_attn.v_proj.weight", 8, 16);
            Add(block + "self_attn.o_proj.weight", 16, 16);
            Add(block + "mlp.gate_proj.weight", 24, 16);
            Add(block + "mlp.up_proj.weight", 24, 16);
            Add(block + "mlp.down_proj.weight", 16, 24);
            Add(block + "input_layernorm.weight", 16);
            Add(block + "post_attention_layernorm.weight", 16);
        }

        Add($"{prefix}norm.weight", 16);
        Add($"{headPrefix}lm_head.weight", 40, 16);
        return tensors;

        void Add(string name, params long[] shape)
        {
            var values = new float[shape.Aggregate(1L, (product, size) => product * size)];
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = random.NextSingle() - 0.5f;
            }

            tensors.Add(name, (shape, values));
        }
    }

    public static byte[] Safetensors(IReadOnlyDictionary<string, (long[] Shape, float[] Values)> tensors)
    {
        var builder = new SafetensorsBuilder();
        foreach (var (name, (shape, values)) in tensors)
        {
            builder.Add(name, "F32", shape, MemoryMarshal.AsBytes(values.AsSpan()).ToArray());
        }

        return builder.Build();
    }

    /// <summary>A folder with config.json and model.safetensors.</summary>
    public static TemporaryFolder Write(IReadOnlyDictionary<string, (long[] Shape, float[] Values)>? tensors = null, string config = Config)
    {
        var folder = new TemporaryFolder();
        folder.Write(ConfigReader.FileName, config);
        folder.Write("model.safetensors", Safetensors(tensors ?? Tensors()));
        return folder;
    }
}
