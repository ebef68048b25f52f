using System.Runtime.InteropServices;

namespace OrleansLM.Engine.Backends.Cuda.Choices;

/// <summary>What sample.cu is to do with a row of logits: its SampleRow.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SampleRow
{
    /// <summary><see cref="Given"/>: a token is to be chosen.</summary>
    public const int Choose = -1;

    /// <summary><see cref="Given"/>: the row is left alone.</summary>
    public const int Nothing = -2;

    public float Temperature;
    public int TopK;
    public float TopP;
    public float MinP;
    public float Repetition;
    public float Presence;
    public float Frequency;

    /// <summary>Row of the counts, or -1.</summary>
    public int Counts;

    public ulong Seed;
    public long Position;
    public int BiasStart;
    public int BiasCount;

    /// <summary>Log-probabilities beside the token's own; -1: none at all.</summary>
    public int Top;

    /// <summary>1: the chosen token is added to the counts.</summary>
    public int CountsIt;

    /// <summary>The token that gets a log-probability; or <see cref="Choose"/>, <see cref="Nothing"/>.</summary>
    public int Given;

    private readonly int _unused;
}
