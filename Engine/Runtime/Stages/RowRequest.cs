using System.Runtime.InteropServices;
using OrleansLM.Engine.Runtime.Loop;
using OrleansLM.Engine.Sampling;

namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>What the last stage is to do with a row of logits, complete in itself: it keeps nothing about turns. As it lies on the wire.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal readonly struct RowRequest
{
    private const int NoLogProbs = -1;

    public readonly RowRequestKind Kind;
    public readonly int GivenToken;
    public readonly long Position;
    public readonly ulong Seed;
    public readonly float Temperature;
    public readonly int TopK;
    public readonly float TopP;
    public readonly float MinP;
    public readonly int Top;
    private readonly int _reserved;

    public RowRequest(in LogitRow row)
    {
        Position = row.Position;
        if (!row.Samples)
        {
            (Kind, GivenToken, Top) = (RowRequestKind.Score, row.GivenToken, row.Turn.Request.PromptLogProbs ?? 0);
            return;
        }

        var plan = row.Turn.Generation.Plan;
        var parameters = plan.Parameters;
        Kind = plan.UsesRawLogits ? RowRequestKind.Sample : RowRequestKind.Logits;
        (Temperature, TopK, TopP, MinP) = (parameters.Temperature, parameters.TopK, parameters.TopP, parameters.MinP);
        (Seed, Top) = (parameters.Seed, parameters.LogProbs ?? NoLogProbs);
    }

    public SamplingParameters Sampling => new()
    {
        Temperature = Temperature,
        TopK = TopK,
        TopP = TopP,
        MinP = MinP,
        Seed = Seed,
        LogProbs = Top == NoLogProbs ? null : Top,
    };
}
