namespace OrleansLM.Engine.Weights;

/// <summary>
/// What a tensor is for, in one vocabulary for all families. File names of tensors are translated to roles in this folder and nowhere else; fused
/// tensors (SUPRA's in_proj and w12) appear as row slices under the separate roles. Shapes use the legend of Engine/README.md.
/// </summary>
public enum WeightRole
{
    /// <summary>[V, C], layer -1.</summary>
    TokenEmbedding,

    /// <summary>[C], layer -1.</summary>
    FinalNorm,

    /// <summary>[V, C], layer -1; the same tensor as <see cref="TokenEmbedding"/> when embeddings are tied.</summary>
    Output,

    /// <summary>[C]</summary>
    AttentionNorm,

    /// <summary>[H·D, C]</summary>
    Query,

    /// <summary>[G·D, C]</summary>
    Key,

    /// <summary>[G·D, C]</summary>
    Value,

    /// <summary>[C, H·D]</summary>
    AttentionOutput,

    /// <summary>[C]</summary>
    FeedForwardNorm,

    /// <summary>[F, C]</summary>
    Gate,

    /// <summary>[F, C]</summary>
    Up,

    /// <summary>[C, F]</summary>
    Down,

    /// <summary>SUPRA: [H·D, H·D], over all query heads together.</summary>
    QueryFeatureMap,

    /// <summary>SUPRA: [H·D].</summary>
    QueryFeatureMapBias,

    /// <summary>SUPRA: [G·D, G·D]; the query's own map when H = G.</summary>
    KeyFeatureMap,

    /// <summary>SUPRA: [G·D].</summary>
    KeyFeatureMapBias,
}
