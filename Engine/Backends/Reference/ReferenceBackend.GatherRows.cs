namespace OrleansLM.Engine.Backends.Reference;

public sealed partial class ReferenceBackend
{
    public void GatherRows(Matrix x, ReadOnlySpan<int> rows, Matrix y)
    {
        OperatorShapes.GatherRows(x, rows, y);
        for (var i = 0; i < rows.Length; i++)
        {
            Row(x, rows[i]).CopyTo(Row(y, i));
        }
    }
}
