namespace OrleansLM.Engine.Models;

/// <summary>What decides the forward pass of a model; from <c>model_type</c> in config.json.</summary>
public enum ModelFamily
{
    /// <summary><c>llama</c>: softmax attention, RoPE, no window.</summary>
    Llama = 0,

    /// <summary><c>mistral</c>: as Llama, with an optional sliding window.</summary>
    Mistral = 1,

    /// <summary><c>openlm</c> with <c>attn_name: linear_attn</c>: SUPRA, a recurrent state instead of a KV cache.</summary>
    Supra = 2,
}
