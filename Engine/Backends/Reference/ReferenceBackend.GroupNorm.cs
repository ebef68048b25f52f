namespace OrleansLM.Engine.Backends.Reference;

public sealed partial class ReferenceBackend
{
    public void GroupNorm(Matrix x, int heads, float epsilon)
    {
        OperatorShapes.Heads(x, heads, nameof(GroupNorm));
        var size = x.Columns / heads;
        for (var t = 0; t < x.Rows; t++)
        {
            for (var head = 0; head < heads; head++)
            {
                NormalizeGroup(Row(x, t).Slice(head * size, size), epsilon);
            }
        }
    }

    private static void NormalizeGroup(Span<float> group, float epsilon)
    {
        var mean = 0.0;
        foreach (var value in group)
        {
            mean += value;
        }

        mean /= group.Length;
        var variance = 0.0;
        foreach (var value in group)
        {
            variance += (value - mean) * (value - mean);
        }

        var inverse = 1.0 / Math.Sqrt(variance / group.Length + epsilon);
        for (var i = 0; i < group.Length; i++)
        {
            group[i] = (float)((group[i] - mean) * inverse);
        }
    }
}
