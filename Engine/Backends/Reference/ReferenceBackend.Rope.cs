using OrleansLM.Engine.Runtime;

namespace OrleansLM.Engine.Backends.Reference;

public sealed partial class ReferenceBackend
{
    public void Rope(Matrix x, int heads, StepBatch batch, RopeTable table)
    {
        OperatorShapes.Rope(x, heads, batch, table);
        var half = x.Columns / heads / 2;
        for (var t = 0; t < x.Rows; t++)
        {
            var position = batch.Positions[t];
            var frequencies = table.FrequenciesAt(position);
            for (var i = 0; i < half; i++)
            {
                // The angle is an f32 product on purpose (spec §1.6); its cosine and sine are then as exact as f32 can hold.
                var angle = position * frequencies[i];
                var cos = (float)(Math.Cos(angle) * table.AttentionFactor);
                var sin = (float)(Math.Sin(angle) * table.AttentionFactor);
                RotatePair(Row(x, t), i, half, cos, sin);
            }
        }
    }

    /// <summary>Turns the pair (i, i + D/2) of every head of a row.</summary>
    private static void RotatePair(Span<float> row, int i, int half, float cos, float sin)
    {
        for (var head = 0; head < row.Length; head += 2 * half)
        {
            double a = row[head + i];
            double b = row[head + half + i];
            row[head + i] = (float)(a * cos - b * sin);
            row[head + half + i] = (float)(b * cos + a * sin);
        }
    }
}
