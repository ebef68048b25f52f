namespace OrleansLM.Engine.Backends;

/// <summary>The three products that softmax attention begins with.</summary>
/// <param name="QueryWeight">[H·D, C]</param>
/// <param name="KeyWeight">[G·D, C]</param>
/// <param name="ValueWeight">[G·D, C]</param>
/// <param name="Queries">[T, H·D]</param>
/// <param name="Keys">[T, G·D]</param>
/// <param name="Values">[T, G·D]</param>
public readonly record struct AttentionInputs(Weight QueryWeight, Weight KeyWeight, Weight ValueWeight, Matrix Queries, Matrix Keys, Matrix Values);
