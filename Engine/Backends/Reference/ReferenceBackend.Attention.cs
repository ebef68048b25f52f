using OrleansLM.Engine.Runtime;

namespace OrleansLM.Engine.Backends.Reference;

public sealed partial class ReferenceBackend
{
    public void Attention(Matrix queries, KeyValueLayer layer, StepBatch batch, float scale, int window, Matrix output)
    {
        OperatorShapes.Attention(queries, layer, batch, output);
        var heads = queries.Columns / layer.HeadDim;
        foreach (var segment in batch.Segments)
        {
            for (var i = 0; i < segment.RowCount; i++)
            {
                var position = segment.StartPosition + i;
                var visible = new VisibleKeys(layer, batch, segment, (int)Math.Max(0L, (long)position - window + 1), position + 1);
                for (var head = 0; head < heads; head++)
                {
                    var query = Row(queries, segment.FirstRow + i).Slice(head * layer.HeadDim, layer.HeadDim);
                    var result = Row(output, segment.FirstRow + i).Slice(head * layer.HeadDim, layer.HeadDim);
                    AttendHead(query, visible, head / (heads / layer.KeyValueHeads), scale, result);
                }
            }
        }
    }

    private static void AttendHead(ReadOnlySpan<float> query, VisibleKeys visible, int keyValueHead, float scale, Span<float> result)
    {
        var scores = new double[visible.End - visible.Start];
        var maximum = double.NegativeInfinity;
        for (var j = 0; j < scores.Length; j++)
        {
            scores[j] = Score(query, visible, keyValueHead, visible.Start + j) * scale;
            maximum = Math.Max(maximum, scores[j]);
        }

        var sum = 0.0;
        for (var j = 0; j < scores.Length; j++)
        {
            scores[j] = Math.Exp(scores[j] - maximum);
            sum += scores[j];
        }

        WeightedValues(scores, sum, visible, keyValueHead, result);
    }

    private static double Score(ReadOnlySpan<float> query, VisibleKeys visible, int keyValueHead, int position)
    {
        var keys = (ReferenceBuffer)visible.Layer.Keys;
        var start = PageRow(visible.Layer, visible.Batch, visible.Segment, position, keyValueHead);
        var sum = 0.0;
        for (var d = 0; d < query.Length; d++)
        {
            sum += (double)query[d] * keys[start + d];
        }

        return sum;
    }

    private static void WeightedValues(double[] weights, double sum, VisibleKeys visible, int keyValueHead, Span<float> result)
    {
        var values = (ReferenceBuffer)visible.Layer.Values;
        var sums = new double[result.Length];
        for (var j = 0; j < weights.Length; j++)
        {
            var start = PageRow(visible.Layer, visible.Batch, visible.Segment, visible.Start + j, keyValueHead);
            for (var d = 0; d < sums.Length; d++)
            {
                sums[d] += weights[j] * values[start + d];
            }
        }

        for (var d = 0; d < sums.Length; d++)
        {
            result[d] = (float)(sums[d] / sum);
        }
    }

    /// <summary>The positions [Start, End) that one query sees, and where they lie.</summary>
    private readonly record struct VisibleKeys(KeyValueLayer Layer, StepBatch Batch, StepSegment Segment, int Start, int End);
}
