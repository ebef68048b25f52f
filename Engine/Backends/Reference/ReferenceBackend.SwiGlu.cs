namespace OrleansLM.Engine.Backends.Reference;

public sealed partial class ReferenceBackend
{
    public void SwiGlu(Matrix gate, Matrix up)
    {
        OperatorShapes.Same(gate, up, nameof(SwiGlu));
        for (var t = 0; t < gate.Rows; t++)
        {
            var row = Row(gate, t);
            var factor = Row(up, t);
            for (var f = 0; f < row.Length; f++)
            {
                row[f] = (float)(row[f] / (1.0 + Math.Exp(-row[f])) * factor[f]);
            }
        }
    }
}
