namespace OrleansLM.Cli.Inspect;

/// <summary>What <c>inspect</c> found, as <c>--json</c> writes it. Sizes are bytes, lengths tokens.</summary>
internal sealed record InspectReport
{
    public required string Name { get; init; }

    /// <summary><c>llama</c>, <c>mistral</c> or <c>supra</c>.</summary>
    public required string Family { get; init; }

    /// <summary>Null when the folder holds no weights.</summary>
    public string? Fingerprint { get; init; }

    /// <summary>Weight files; empty when the folder holds none.</summary>
    public required IReadOnlyList<WeightFile> Files { get; init; }

    public required long Parameters { get; init; }

    public required long WeightBytes { get; init; }

    /// <summary>Element types of the weights, most bytes first.</summary>
    public required IReadOnlyList<string> WeightTypes { get; init; }

    public required ShapeReport Shape { get; init; }

    public required RopeReport Rope { get; init; }

    public required StateReport State { get; init; }

    /// <summary>One entry for each stage count.</summary>
    public required IReadOnlyList<PlanReport> Plans { get; init; }

    public required IReadOnlyList<string> Warnings { get; init; }

    internal sealed record WeightFile(string Name, long Bytes);

    internal sealed record ShapeReport(
        int Layers, int HiddenSize, int IntermediateSize, int Heads, int KeyValueHeads, int HeadDim, int Vocabulary, bool TiedEmbeddings, int ContextLength, int? SlidingWindow);

    /// <param name="Scaling"><c>none</c>, <c>linear</c>, <c>dynamicNtk</c> or <c>yarn</c>.</param>
    /// <param name="Theta">The base.</param>
    /// <param name="Factor">s</param>
    /// <param name="OriginalContextLength">L</param>
    /// <param name="Yarn">Null unless the scaling is YaRN.</param>
    internal sealed record RopeReport(string Scaling, double Theta, double Factor, int OriginalContextLength, YarnReport? Yarn);

    /// <param name="Profile">Which constants are in force and which rule chose them.</param>
    /// <param name="BetaFast">Turns above which a frequency is kept.</param>
    /// <param name="BetaSlow">Turns below which a frequency is divided by the factor.</param>
    /// <param name="RawLow">Start of the ramp before rounding, as a dimension pair.</param>
    /// <param name="RawHigh">End of the ramp before rounding.</param>
    /// <param name="Low">Start of the ramp.</param>
    /// <param name="High">End of the ramp.</param>
    /// <param name="Mscale">What cos and sin are multiplied with.</param>
    internal sealed record YarnReport(string Profile, double BetaFast, double BetaSlow, double RawLow, double RawHigh, double Low, double High, double Mscale);

    /// <param name="Kind"><c>keysAndValues</c> or <c>recurrent</c>.</param>
    /// <param name="Type">Element type.</param>
    /// <param name="BytesPerToken">0 for recurrent models.</param>
    /// <param name="BytesPerSession">0 for models with keys and values.</param>
    /// <param name="OpenChunkBytes">Recurrent models: the part of it that holds the keys and values of the open chunk.</param>
    /// <param name="ChunkTokens">Recurrent models: tokens after which the state moves on; 0 for models with keys and values.</param>
    /// <param name="BytesAtFullContext">One session at the longest.</param>
    /// <param name="MaxCheckpoints">Earlier states that a session may keep for rollbacks; 0 for models with keys and values.</param>
    internal sealed record StateReport(
        string Kind, string Type, long BytesPerToken, long BytesPerSession, long OpenChunkBytes, int ChunkTokens, long BytesAtFullContext, int MaxCheckpoints);

    internal sealed record PlanReport(int Stages, IReadOnlyList<StageReport> Devices);

    /// <param name="FirstLayer">Layers [FirstLayer, EndLayer).</param>
    /// <param name="EndLayer">Exclusive.</param>
    /// <param name="Parameters">Of these layers; the first stage also has the embedding, the last one the head.</param>
    /// <param name="WeightBytes">Of these parameters.</param>
    /// <param name="StateBytesPerToken">0 for recurrent models.</param>
    /// <param name="StateBytesPerSession">0 for models with keys and values.</param>
    /// <param name="StateBytesAtFullContext">One session at the longest.</param>
    /// <param name="CheckpointBytesPerSession">All the earlier states that one session may keep, which are given up first when memory is short.</param>
    /// <param name="TotalBytes">Weights, one session at the longest and its checkpoints.</param>
    internal sealed record StageReport(
        int FirstLayer, int EndLayer, long Parameters, long WeightBytes, long StateBytesPerToken, long StateBytesPerSession, long StateBytesAtFullContext, long CheckpointBytesPerSession,
        long TotalBytes);
}
