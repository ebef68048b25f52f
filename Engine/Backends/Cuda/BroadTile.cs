namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>What a block of broad.cu takes.</summary>
/// <param name="Rows">Weight rows of a block, both sides of paired ones.</param>
/// <param name="Box">Weight rows that the copy engine fetches at a time.</param>
internal readonly record struct BroadTile(int Rows, int Box);
