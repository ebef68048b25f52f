namespace OrleansLM.Engine.Backends.Reference;

public sealed partial class ReferenceBackend
{
    public void Project(Matrix x, ReadOnlySpan<Projection> projections)
    {
        foreach (var projection in projections)
        {
            OperatorShapes.Project(x, projection);
            Project(x, projection);
        }
    }

    private static void Project(Matrix x, Projection projection)
    {
        for (var n = 0; n < projection.Weight.Rows; n++)
        {
            var weight = ((ReferenceWeight)projection.Weight).Row(n);
            for (var t = 0; t < x.Rows; t++)
            {
                ref var y = ref Row(projection.Output, t)[n];
                var product = Dot(Row(x, t), weight);
                y = (float)(projection.Accumulate ? y + product : product);
            }
        }
    }
}
