namespace OrleansLM.Engine.Backends;

/// <summary>
/// What rotates a position: inverse frequencies and the factor on cos and sin. Immutable. Angles are f32 products
/// position · frequency, as transformers computes them (spec §1.6). Made by <see cref="Models.RopeTables"/>.
/// </summary>
/// <param name="InverseFrequencies">D/2 values: those of every position, or of the positions before <see cref="StretchStart"/>.</param>
/// <param name="AttentionFactor">mscale; 1 unless YaRN.</param>
public sealed record RopeTable(float[] InverseFrequencies, float AttentionFactor)
{
    /// <summary>Dynamic NTK: the first position with frequencies of its own. int.MaxValue: no such position.</summary>
    public int StretchStart { get; init; } = int.MaxValue;

    /// <summary>Dynamic NTK: [n, D/2], the frequencies of positions StretchStart, StretchStart + 1, …; the last row serves all later ones.</summary>
    public float[] StretchedFrequencies { get; init; } = [];

    /// <summary>The D/2 inverse frequencies that rotate a row at <paramref name="position"/>: a function of the position alone (promise 2).</summary>
    public ReadOnlySpan<float> FrequenciesAt(int position)
    {
        if (position < StretchStart)
        {
            return InverseFrequencies;
        }

        var half = InverseFrequencies.Length;
        var row = Math.Min(position - StretchStart, StretchedFrequencies.Length / half - 1);
        return StretchedFrequencies.AsSpan(row * half, half);
    }
}
