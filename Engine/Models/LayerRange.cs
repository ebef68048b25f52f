namespace OrleansLM.Engine.Models;

/// <summary>The layers [<paramref name="Start"/>, <paramref name="End"/>) of a model: what one pipeline stage holds. Half-open.</summary>
public readonly record struct LayerRange(int Start, int End)
{
    public int Count => End - Start;

    /// <summary>Cuts <paramref name="layers"/> into <paramref name="stages"/> ranges whose sizes differ by at most one, larger ones first.</summary>
    public static LayerRange[] Split(int layers, int stages)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(stages, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(stages, layers);
        var ranges = new LayerRange[stages];
        var start = 0;
        for (var stage = 0; stage < stages; stage++)
        {
            var end = start + layers / stages + (stage < layers % stages ? 1 : 0);
            ranges[stage] = new LayerRange(start, end);
            start = end;
        }

        return ranges;
    }

    public override string ToString() => $"[{Start}, {End})";
}
