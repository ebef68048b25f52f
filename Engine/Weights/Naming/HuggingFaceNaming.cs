using OrleansLM.Engine.Models;

namespace OrleansLM.Engine.Weights.Naming;

/// <summary>Names of Llama and Mistral checkpoints in the transformers layout (spec §6).</summary>
internal sealed class HuggingFaceNaming : TensorNaming
{
    private const string Embedding = "embed_tokens.weight";
    private const string Head = "lm_head.weight";

    // Second column: what stands before the names of the output head, which is a sibling of "model" and not inside it.
    private static readonly (string Body, string Head)[] Prefixes = [("model.", ""), ("", ""), ("module.model.", "module."), ("model.model.", "model."), ("module.", "module.")];

    private readonly string _body;
    private readonly string _head;

    private HuggingFaceNaming(ModelConfig config, string body, string head)
        : base(config)
    {
        _body = body;
        _head = head;
    }

    public static HuggingFaceNaming Detect(ModelConfig config, IReadOnlyCollection<string> names, string place)
    {
        var body = FindPrefix(names, Embedding, [.. Prefixes.Select(prefix => prefix.Body)]);
        if (!names.Contains(body + Embedding) && names.Any(name => name.EndsWith("layers.0.attention.wq.weight", StringComparison.Ordinal)))
        {
            throw new CheckpointException(
                $"{place}: the tensors have Meta's consolidated names (layers.0.attention.wq.weight …), whose query and key rows are ordered for interleaved RoPE; "
                + "expected the transformers layout (model.layers.0.self_attn.q_proj.weight …): convert the checkpoint first");
        }

        return new HuggingFaceNaming(config, body, Prefixes.First(prefix => prefix.Body == body).Head);
    }

    public override WeightSource Source(WeightId id) => new(Name(id), WeightCatalog.Shape(Config, id));

    public override bool IsIgnorable(string name) =>
        name.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal) || (Config.TiedEmbeddings && name == _head + Head);

    private string Name(WeightId id) => id.Role switch
    {
        WeightRole.TokenEmbedding => _body + Embedding,
        WeightRole.FinalNorm => _body + "norm.weight",
        WeightRole.Output => _head + Head,
        _ => $"{_body}layers.{id.Layer}.{InBlock(id.Role)}.weight",
    };

    private static string InBlock(WeightRole role) => role switch
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
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, "expected a weight of a softmax attention block"),
    };
}
