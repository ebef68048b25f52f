namespace OrleansLM.Engine.Backends.Reference;

public sealed partial class ReferenceBackend
{
    public void Embed(ReadOnlySpan<int> tokens, Weight table, Matrix x)
    {
        OperatorShapes.Embed(tokens, table, x);
        for (var t = 0; t < tokens.Length; t++)
        {
            ((ReferenceWeight)table).Row(tokens[t]).CopyTo(Row(x, t));
        }
    }
}
