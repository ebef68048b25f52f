namespace OrleansLM.Engine.Backends.Reference;

public sealed partial class ReferenceBackend
{
    public void RmsNorm(Matrix x, Weight weight, float epsilon, Matrix y)
    {
        OperatorShapes.RmsNorm(x, weight, y);
        var scale = ((ReferenceWeight)weight).Row(0);
        for (var t = 0; t < x.Rows; t++)
        {
            var row = Row(x, t);
            var inverse = 1.0 / Math.Sqrt(Dot(row, row) / x.Columns + epsilon);
            var result = Row(y, t);
            for (var c = 0; c < x.Columns; c++)
            {
                result[c] = (float)(row[c] * inverse * scale[c]);
            }
        }
    }
}
