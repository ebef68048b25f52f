namespace Orleans;

/// <summary>Runs around calls where they arrive. Register it with a silo, or implement it in a grain class for that class alone.</summary>
public interface IIncomingGrainCallFilter
{
    Task Invoke(IIncomingGrainCallContext context);
}
