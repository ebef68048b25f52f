using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Backends;

/// <summary>A weight <c>[Rows, Columns]</c> as a backend keeps it: mapped, converted or uploaded. Made by <see cref="IBackend.LoadWeight"/>; a vector has one row.</summary>
public abstract class Weight(DataType type, int rows, int columns) : IDisposable
{
    public DataType Type { get; } = type;

    public int Rows { get; } = rows;

    public int Columns { get; } = columns;

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Dispose(bool disposing);
}
