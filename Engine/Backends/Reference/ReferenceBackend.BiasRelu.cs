namespace OrleansLM.Engine.Backends.Reference;

public sealed partial class ReferenceBackend
{
    public void BiasRelu(Matrix x, Weight bias)
    {
        OperatorShapes.Vector(bias, x.Columns, nameof(BiasRelu));
        var shift = ((ReferenceWeight)bias).Row(0);
        for (var t = 0; t < x.Rows; t++)
        {
            var row = Row(x, t);
            for (var n = 0; n < row.Length; n++)
            {
                row[n] = Math.Max(0f, row[n] + shift[n]);
            }
        }
    }
}
