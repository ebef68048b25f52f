namespace OrleansLM.Engine.Weights;

/// <summary>The shape that a config gives a weight: <c>[Rows, Columns]</c>, or <c>[Columns]</c> for a vector.</summary>
/// <param name="Rows">1 for a vector.</param>
/// <param name="Columns">Width of a row, in elements.</param>
/// <param name="Legend">The shape in letters of Engine/README.md, for errors: <c>[H·D, C]</c>.</param>
/// <param name="IsVector">True when the file must hold it with one dimension.</param>
public readonly record struct WeightShape(int Rows, int Columns, string Legend, bool IsVector = false)
{
    public long ElementCount => (long)Rows * Columns;

    public bool Matches(IReadOnlyList<long> stored) =>
        IsVector ? stored is [var only] && only == Columns : stored is [var rows, var columns] && rows == Rows && columns == Columns;

    public override string ToString() => IsVector ? $"{Legend} = [{Columns}]" : $"{Legend} = [{Rows}, {Columns}]";
}
