namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>What is wanted of each logit row of a step: requests, and beside them what is as long as a turn wants it.</summary>
internal readonly ref struct RowRequests
{
    public ReadOnlySpan<RowRequest> Rows { get; init; }

    /// <summary>Of all rows, one after the other.</summary>
    public ReadOnlySpan<int> BiasIds { get; init; }

    public ReadOnlySpan<float> BiasValues { get; init; }

    /// <summary>Of all rows, one after the other: id, then what stands for it in the counts.</summary>
    public ReadOnlySpan<int> Fills { get; init; }

    /// <summary>Holds them to what the last stage has.</summary>
    /// <exception cref="InvalidDataException">They do not go together, or not with the model.</exception>
    public void Require(int vocabulary, int slots)
    {
        var (biases, fills) = (0L, 0L);
        foreach (ref readonly var row in Rows)
        {
            biases += row.BiasCount;
            fills += Math.Max(0, row.FillCount);
            if (row.BiasCount < 0 || row.Counts < -1 || row.Counts >= slots || (row.FillCount >= 0 && row.Counts < 0))
            {
                throw new InvalidDataException($"a row asks for {row.BiasCount} biases and row {row.Counts} of {slots} of the counts");
            }
        }

        if (biases != BiasIds.Length || 2 * fills != Fills.Length)
        {
            throw new InvalidDataException($"{BiasIds.Length} biases and {Fills.Length / 2} counts; the rows ask for {biases} and {fills}");
        }

        for (var i = 0; i < BiasIds.Length; i++)
        {
            RequireId(BiasIds[i], vocabulary);
        }

        for (var i = 0; i < Fills.Length; i += 2)
        {
            RequireId(Fills[i], vocabulary);
        }
    }

    private static void RequireId(int id, int vocabulary)
    {
        if ((uint)id >= (uint)vocabulary)
        {
            throw new InvalidDataException($"token {id}; expected one of {vocabulary}");
        }
    }
}
