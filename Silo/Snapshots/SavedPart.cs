namespace OrleansLM.Silo.Snapshots;

/// <summary>A part that was written.</summary>
/// <param name="Tokens">Where it ends.</param>
/// <param name="Bytes">What it takes in the store.</param>
internal readonly record struct SavedPart(int Tokens, long Bytes);
