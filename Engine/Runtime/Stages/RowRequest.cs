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
    public readonly float Repetition;
    public readonly float Presence;
    public readonly float Frequency;

    /// <summary>Row of the last stage's table of token counts, which counts the token that is chosen; -1: no penalty is on.</summary>
    public readonly int Counts;

    /// <summary>Entries that the row of the counts is filled with before; -1: it is right as it is.</summary>
    public readonly int FillCount;

    public readonly int BiasCount;
    private readonly int _reserved;

    /// <param name="row">The row.</param>
    /// <param name="counts">Row of the table of counts; -1: there is none for it.</param>
    /// <param name="fillCount">Entries to fill that with, or -1.</param>
    public RowRequest(in LogitRow row, int counts, int fillCount)
    {
        (Position, Counts, FillCount, Repetition, TopP) = (row.Position, counts, fillCount, 1, 1);
        if (!row.Samples)
        {
            (Kind, GivenToken, Top) = (RowRequestKind.Score, row.GivenToken, row.Turn.Request.PromptLogProbs ?? 0);
            return;
        }

        var plan = row.Turn.Generation.Plan;
        var parameters = plan.Parameters;
        Kind = plan.NeedsCounts && counts < 0 ? RowRequestKind.Logits : RowRequestKind.Sample;
        (Temperature, TopK, TopP, MinP) = (parameters.Temperature, parameters.TopK, parameters.TopP, parameters.MinP);
        (Repetition, Presence, Frequency) = (parameters.RepetitionPenalty, parameters.PresencePenalty, parameters.FrequencyPenalty);
        (Seed, Top, BiasCount) = (parameters.Seed, parameters.LogProbs ?? NoLogProbs, Kind == RowRequestKind.Sample ? plan.BiasIds.Length : 0);
    }

    /// <summary>But for biases.</summary>
    public SamplingParameters Sampling => new()
    {
        Temperature = Temperature,
        TopK = TopK,
        TopP = TopP,
        MinP = MinP,
        RepetitionPenalty = Repetition,
        PresencePenalty = Presence,
        FrequencyPenalty = Frequency,
        Seed = Seed,
        LogProbs = Top == NoLogProbs ? null : Top,
    };
}
