using System.Text;
using System.Text.Json.Nodes;
using OrleansLM.Engine.Models;
using OrleansLM.Engine.Tensors;
using OrleansLM.Engine.Weights;
using OrleansLM.Engine.Weights.Configuration;

namespace OrleansLM.Engine.Tests.Weights.Configuration;

public sealed class ConfigReaderTests
{
    private const string YarnMistral =
        """
        {"architectures":["MistralForCausalLM"],"auto_map":{"AutoModelForCausalLM":"modeling_mistral_yarn.MistralForCausalLM"},"bos_token_id":1,"eos_token_id":2,
        "hidden_act":"silu","hidden_size":4096,"intermediate_size":14336,"max_position_embeddings":32768,"max_sequence_length":131072,"model_type":"mistral",
        "num_attention_heads":32,"num_hidden_layers":32,"num_key_value_heads":8,"rms_norm_eps":1e-05,
        "rope_scaling":{"factor":16.0,"finetuned":true,"original_max_position_embeddings":8192,"type":"yarn"},"rope_theta":10000.0,"sliding_window":131072,
        "tie_word_embeddings":false,"torch_dtype":"bfloat16","vocab_size":32000}
        """;

    private const string YarnLlama =
        """
        {"architectures":["LlamaForCausalLM"],"auto_map":{"AutoModelForCausalLM":"modeling_llama_together_yarn.LlamaForCausalLM"},"bos_token_id":1,"eos_token_id":2,
        "hidden_act":"silu","hidden_size":4096,"intermediate_size":11008,"max_position_embeddings":65536,"model_type":"llama","num_attention_heads":32,
        "num_hidden_layers":32,"num_key_value_heads":32,"pad_token_id":0,"pretraining_tp":1,"rms_norm_eps":1e-05,
        "rope_scaling":{"factor":16.0,"finetuned":true,"original_max_position_embeddings":4096,"type":"yarn"},"tie_word_embeddings":false,"torch_dtype":"bfloat16","vocab_size":32000}
        """;

    private const string Supra =
        """
        {"architectures":["OpenLMForCausalLM"],"model_type":"openlm","dim":4096,"intermediate_dim_ffn":14336,"n_layers":32,"n_heads":32,"n_heads_kv":8,"vocab_size":32000,
        "norm_eps":1e-5,"seq_len":2048,"weight_tying":false,"apply_qk_norm":false,"qk_head_dim":128,"v_head_dim":128,"norm_type":"rms_norm","attn_name":"linear_attn",
        "positional_embedding_type":"rotary","ffn_type":"swiglu","use_decay":true,"use_retnet_slopes":false,"decay_start":null}
        """;

    public static TheoryData<string, string?, string> BadKeys { get; } = new()
    {
        { "model_type", null, "model_type is missing; expected one of llama, mistral, openlm" },
        { "model_type", "\"gpt2\"", "model_type is \"gpt2\"; expected one of llama, mistral, openlm" },
        { "model_type", "5", "model_type is 5; expected a string" },
        { "hidden_size", null, "hidden_size is missing; expected a whole number in [1, 262144]" },
        { "hidden_size", "\"4096\"", "hidden_size is \"4096\"; expected a whole number" },
        { "hidden_size", "0", "hidden_size is 0; expected a whole number in [1, 262144]" },
        { "hidden_size", "4096.5", "hidden_size is 4096.5; expected a whole number" },
        { "hidden_size", "1e30", "hidden_size is 1e30; expected a whole number" },
        { "hidden_size", "4097", "num_attention_heads is 32; expected a divisor of hidden_size = 4097" },
        { "intermediate_size", "-1", "intermediate_size is -1" },
        { "num_hidden_layers", "true", "num_hidden_layers is true" },
        { "num_attention_heads", null, "num_attention_heads is missing" },
        { "num_key_value_heads", "5", "num_key_value_heads is 5; expected a divisor of num_attention_heads = 32" },
        { "num_key_value_heads", "64", "num_key_value_heads is 64; expected a whole number in [1, 32]" },
        { "head_dim", "127", "head_dim is 127; expected an even number" },
        { "vocab_size", null, "vocab_size is missing" },
        { "rms_norm_eps", "\"small\"", "rms_norm_eps is \"small\"; expected a number in [0, 1]" },
        { "max_position_embeddings", null, "max_position_embeddings is missing" },
        { "hidden_act", "\"gelu\"", "hidden_act is \"gelu\"; expected silu or swish" },
        { "attention_bias", "true", "attention_bias is true; expected false" },
        { "tie_word_embeddings", "\"no\"", "tie_word_embeddings is \"no\"; expected true or false" },
        { "sliding_window", "0", "sliding_window is 0; expected a whole number in [1" },
        { "rope_theta", "0", "rope_theta is 0; expected a number" },
        { "rope_theta", "[1]", "rope_theta is [1]; expected a number" },
        { "eos_token_id", "32000", "eos_token_id is 32000; expected a whole number in [0, 31999], or an array" },
        { "eos_token_id", "[2, \"x\"]", "eos_token_id is [2, \"x\"]" },
        { "bos_token_id", "-1", "bos_token_id is -1" },
        { "quantization_config", "{\"bits\":4}", "quantised checkpoints are not read" },
        { "rope_scaling", "[]", "rope_scaling is []; expected an object" },
        { "rope_scaling", "{\"factor\":2.0}", "rope_scaling.rope_type is missing; expected default, linear, dynamic or yarn" },
        { "rope_scaling", "{\"type\":\"llama3\",\"factor\":2.0}", "rope_scaling.type is \"llama3\"; expected default, linear, dynamic or yarn" },
        { "rope_scaling", "{\"type\":\"dynamic-yarn\",\"factor\":2.0}", "dynamic-yarn re-rotates every cached key" },
        { "rope_scaling", "{\"type\":\"yarn\",\"rope_type\":\"linear\",\"factor\":2.0}", "rope_scaling.rope_type is \"linear\"; expected the same as type, \"yarn\"" },
        { "rope_scaling", "{\"type\":\"yarn\",\"original_max_position_embeddings\":8192}", "rope_scaling.factor is missing; expected a number in [1," },
        { "head_dim", "65536", "32 heads of 65536 are more than 262144 columns" },
        { "rope_scaling", "{\"type\":\"yarn\",\"factor\":0.5}", "rope_scaling.factor is 0.5" },
        { "rope_scaling", "{\"type\":\"yarn\",\"factor\":262144,\"original_max_position_embeddings\":1048576}", "factor 262144 makes a context" },
        { "rope_scaling", "{\"type\":\"yarn\",\"factor\":2,\"beta_fast\":1,\"beta_slow\":2}", "beta_fast is 1; expected beta_fast = 1 above beta_slow = 2" },
        { "rope_scaling", "{\"type\":\"yarn\",\"factor\":2,\"truncate\":1}", "rope_scaling.truncate is 1; expected true or false" },
        { "rope_parameters", "{\"rope_type\":\"yarn\",\"factor\":8.0,\"original_max_position_embeddings\":8192,\"finetuned\":true}", "rope_parameters is" },
        { "rope_parameters", "{\"rope_theta\":5000.0}", "rope_parameters.rope_theta is 5000.0; expected the same as rope_theta of the config, 10000" },
        { "partial_rotary_factor", "0.5", "partial_rotary_factor is 0.5; expected 1 or 1.0" },
    };

    public static TheoryData<string, string?, string> BadSupraKeys { get; } = new()
    {
        { "attn_name", "\"xformers_attn\"", "only SUPRA's linear attention is known" },
        { "attn_name", null, "attn_name is missing; expected \"linear_attn\"" },
        { "norm_type", "\"default_layer_norm\"", "norm_type is \"default_layer_norm\"; expected rms_norm" },
        { "v_head_dim", "64", "v_head_dim is 64; expected the same as qk_head_dim, 128" },
        { "n_heads_kv", null, "n_heads_kv is missing" },
        { "apply_qk_norm", "true", "apply_qk_norm is true; expected false" },
        { "ffn_type", "\"gelu\"", "ffn_type is \"gelu\"" },
        { "positional_embedding_type", "\"none\"", "positional_embedding_type is \"none\"" },
        { "rotary_scale", "2.0", "rotary_scale is 2.0" },
        { "moe_freq", "2", "moe_freq is 2" },
        { "decay_start", "\"x\"", "decay_start is \"x\"" },
    };

    [Theory]
    [MemberData(nameof(BadKeys))]
    public void Names_the_wrong_key(string key, string? value, string expected) => AssertRefused(Changed(YarnMistral, key, value), expected);

    [Theory]
    [MemberData(nameof(BadSupraKeys))]
    public void Names_the_wrong_key_of_supra(string key, string? value, string expected) => AssertRefused(Changed(Supra, key, value), expected);

    [Theory]
    [InlineData("", "not valid JSON")]
    [InlineData("[]", "not a JSON object")]
    [InlineData("{", "not valid JSON")]
    [InlineData("""{"a":1,"a":2}""", "not valid JSON")]
    [InlineData("""{"model_type":"\ud800"}""", "config.json")]
    public void Refuses_what_is_no_config(string json, string expected) => AssertRefused(json, expected);

    [Fact]
    public void Refuses_invalid_utf8() =>
        Assert.Contains("not valid UTF-8", Assert.Throws<CheckpointException>(() => ConfigReader.Parse(new byte[] { (byte)'{', 0xFF, (byte)'}' }, "config.json", new())).Message, StringComparison.Ordinal);

    [Fact]
    public void Refuses_deep_nesting() => AssertRefused("{\"a\":" + new string('[', 100_000), "not valid JSON");

    [Fact]
    public void Yarn_mistral_has_the_constants_it_was_trained_with()
    {
        var config = Parse(YarnMistral);
        Assert.Equal(ModelFamily.Mistral, config.Model.Family);
        Assert.Equal(131072, config.Model.ContextLength);
        Assert.Null(config.Model.SlidingWindow);
        Assert.Equal(128, config.Model.HeadDim);
        Assert.Equal((16.0, 8192), (config.Model.Rope.Factor, config.Model.Rope.OriginalContextLength));
        Assert.Equal("yarn-mistral (128/2/0.07)", config.Model.Rope.Yarn!.Name);
        Assert.Equal(1.1940812106, config.Model.Rope.Yarn.AttentionFactor, 1e-10);
        Assert.Equal(DataType.BFloat16, config.DeclaredType);
        Assert.Empty(config.Warnings);
    }

    [Fact]
    public void Either_auto_map_or_finetuned_shows_a_yarn_mistral()
    {
        var withoutMap = Changed(YarnMistral, "auto_map", null);
        Assert.StartsWith("yarn-mistral", Parse(withoutMap).Model.Rope.Yarn!.Name, StringComparison.Ordinal);
        var withoutFinetuned = Changed(YarnMistral, "rope_scaling", """{"factor":16.0,"original_max_position_embeddings":8192,"type":"yarn"}""");
        Assert.StartsWith("yarn-mistral", Parse(withoutFinetuned).Model.Rope.Yarn!.Name, StringComparison.Ordinal);
        var neither = Changed(withoutFinetuned, "auto_map", null);
        Assert.Equal("default (32/1/0.1)", Parse(neither).Model.Rope.Yarn!.Name);
    }

    [Fact]
    public void Yarn_llama_has_the_default_constants()
    {
        var config = Parse(YarnLlama);
        Assert.Equal((ModelFamily.Llama, 65536), (config.Model.Family, config.Model.ContextLength));
        Assert.Equal("default (32/1/0.1)", config.Model.Rope.Yarn!.Name);
        Assert.Equal(10000, config.Model.Rope.Theta);
        Assert.Equal(1.2772588722, config.Model.Rope.Yarn.AttentionFactor, 1e-10);
    }

    [Theory]
    [InlineData("\"beta_fast\":64", 64, 2, 1.1940812106)]
    [InlineData("\"beta_slow\":1", 128, 1, 1.1940812106)]
    [InlineData("\"attention_factor\":1.5", 128, 2, 1.5)]
    [InlineData("\"attn_factor\":2.0", 128, 2, 2 * 1.1940812106)]
    [InlineData("\"mscale\":1.0,\"mscale_all_dim\":0.5", 128, 2, 1.2772588722 / 1.1386294361)]
    [InlineData("\"mscale\":1.0", 128, 2, 1.1940812106)]
    public void Explicit_keys_come_before_implied_constants(string key, double fast, double slow, double attentionFactor)
    {
        var scaling = $$"""{"type":"yarn","factor":16.0,"original_max_position_embeddings":8192,"finetuned":true,{{key}}}""";
        var yarn = Parse(Changed(YarnMistral, "rope_scaling", scaling)).Model.Rope.Yarn!;
        Assert.Equal((fast, slow), (yarn.BetaFast, yarn.BetaSlow));
        Assert.Equal(attentionFactor, yarn.AttentionFactor, 1e-9);
    }

    [Fact]
    public void An_override_comes_before_everything()
    {
        var options = new CheckpointOptions { Yarn = YarnConstants.Parse("64/4/0.2") };
        var yarn = ConfigReader.Parse(Encoding.UTF8.GetBytes(YarnMistral), "config.json", options).Model.Rope.Yarn!;
        Assert.Equal("override (64/4/0.2)", yarn.Name);
        Assert.Equal(0.2 * Math.Log(16) + 1, yarn.AttentionFactor, 1e-12);
    }

    [Fact]
    public void Newer_and_older_form_of_scaling_say_the_same()
    {
        var newer = Changed(Changed(Changed(YarnLlama, "rope_scaling", null), "rope_theta", null), "rope_parameters", """{"rope_type":"yarn","rope_theta":10000.0,"factor":16.0,"original_max_position_embeddings":4096}""");
        Assert.Equal(Parse(YarnLlama).Model.Rope, Parse(newer).Model.Rope);
        var plain = Changed(Changed(YarnLlama, "rope_scaling", null), "rope_parameters", """{"rope_type":"default","rope_theta":500000.0}""");
        Assert.Equal((RopeScaling.None, 500000.0), (Parse(plain).Model.Rope.Scaling, Parse(plain).Model.Rope.Theta));
    }

    [Theory]
    [InlineData("linear", RopeScaling.Linear)]
    [InlineData("dynamic", RopeScaling.DynamicNtk)]
    public void Linear_and_dynamic_scaling_stretch_the_context(string type, RopeScaling expected)
    {
        var model = Parse(Changed(YarnLlama, "rope_scaling", $$"""{"type":"{{type}}","factor":4.0}""")).Model;
        Assert.Equal((expected, 4.0, 65536, 4 * 65536), (model.Rope.Scaling, model.Rope.Factor, model.Rope.OriginalContextLength, model.ContextLength));
    }

    [Fact]
    public void Yarn_without_original_length_takes_the_position_limit_and_says_so()
    {
        var config = Parse(Changed(YarnLlama, "rope_scaling", """{"type":"yarn","factor":2.0}"""));
        Assert.Equal((65536, 131072), (config.Model.Rope.OriginalContextLength, config.Model.ContextLength));
        Assert.Contains("original_max_position_embeddings", Assert.Single(config.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void A_window_below_the_context_is_kept_and_a_missing_one_is_that_of_transformers()
    {
        var plain = Changed(YarnMistral, "rope_scaling", null);
        Assert.Equal(4096, Parse(Changed(plain, "sliding_window", "4096")).Model.SlidingWindow);
        Assert.Null(Parse(Changed(plain, "sliding_window", "null")).Model.SlidingWindow);
        var missing = Parse(Changed(plain, "sliding_window", null));
        Assert.Equal(4096, missing.Model.SlidingWindow);
        Assert.Contains("4096 is assumed", Assert.Single(missing.Warnings), StringComparison.Ordinal);
        Assert.Contains("below the scaled context", Assert.Single(Parse(Changed(YarnMistral, "sliding_window", "4096")).Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Supra_is_read_from_openlm()
    {
        var model = Parse(Supra).Model;
        Assert.Equal((ModelFamily.Supra, 128, 14336, 8), (model.Family, model.HeadDim, model.IntermediateSize, model.KeyValueHeadCount));
        Assert.Equal(new SupraConfig { Decay = SupraDecay.Lightning }, model.Supra);
        Assert.Equal((RopeScaling.None, 10000.0), (model.Rope.Scaling, model.Rope.Theta));
    }

    [Theory]
    [InlineData("use_decay", "false", SupraDecay.None)]
    [InlineData("use_retnet_slopes", "true", SupraDecay.RetNet)]
    public void Supra_decay_follows_its_keys(string key, string value, SupraDecay expected) => Assert.Equal(expected, Parse(Changed(Supra, key, value)).Model.Supra!.Decay);

    [Fact]
    public void Supra_without_grouped_heads_shares_its_feature_map() => Assert.True(Parse(Changed(Supra, "n_heads_kv", "32")).Model.Supra!.SharedFeatureMap);

    [Fact]
    public void Supra_without_inner_size_rounds_up_to_256() => Assert.Equal(11008, Parse(Changed(Supra, "intermediate_dim_ffn", null)).Model.IntermediateSize);

    [Fact]
    public void Whole_numbers_may_be_written_as_floats() => Assert.Equal(4096, Parse(Changed(YarnMistral, "hidden_size", "4096.0")).Model.HiddenSize);

    [Fact]
    public void Several_stop_tokens_and_generation_config()
    {
        Assert.Equal([2, 7], Parse(Changed(YarnMistral, "eos_token_id", "[2, 7, 2]")).Model.EosTokenIds);
        using var folder = new TemporaryFolder();
        folder.Write("config.json", Supra);
        folder.Write("generation_config.json", """{"bos_token_id":3,"eos_token_id":[4,5]}""");
        var model = ConfigReader.Read(folder.Path, new CheckpointOptions()).Model;
        Assert.Equal(3, model.BosTokenId);
        Assert.Equal([4, 5], model.EosTokenIds);
    }

    [Fact]
    public void A_byte_order_mark_is_no_error() => Assert.Equal(32, ConfigReader.Parse((byte[])[.. "\uFEFF"u8, .. Encoding.UTF8.GetBytes(Supra)], "config.json", new()).Model.LayerCount);

    [Fact]
    public void Every_key_can_have_every_type()
    {
        foreach (var json in new[] { YarnMistral, YarnLlama, Supra })
        {
            foreach (var key in JsonNode.Parse(json)!.AsObject().Select(entry => entry.Key))
            {
                foreach (var value in new[] { "null", "true", "-1", "0", "1", "2147483648", "1e400", "\"x\"", "[]", "{}", "[[]]", "{\"type\":\"yarn\"}" })
                {
                    ParseOrRefuse(Changed(json, key, value));
                }
            }
        }
    }

    private static void ParseOrRefuse(string json)
    {
        try
        {
            Parse(json);
        }
        catch (CheckpointException refused)
        {
            Assert.StartsWith("config.json: ", refused.Message, StringComparison.Ordinal);
        }
    }

    private static CheckpointConfig Parse(string json) => ConfigReader.Parse(Encoding.UTF8.GetBytes(json), "config.json", new CheckpointOptions());

    private static void AssertRefused(string json, string expected) =>
        Assert.Contains(expected, Assert.Throws<CheckpointException>(() => Parse(json)).Message, StringComparison.Ordinal);

    /// <summary>The config with one key set to the JSON <paramref name="value"/>, or taken out where that is null.</summary>
    private static string Changed(string json, string key, string? value)
    {
        var entries = JsonNode.Parse(json)!.AsObject().Where(entry => entry.Key != key).Select(entry => $"\"{entry.Key}\":{entry.Value?.ToJsonString() ?? "null"}");
        return "{" + string.Join(",", value is null ? entries : entries.Append($"\"{key}\":{value}")) + "}";
    }
}
