namespace OrleansLM.Engine.Text;

/// <summary>Two neighbouring symbols may become one.</summary>
/// <param name="Id">Id of the joined piece.</param>
/// <param name="Order">Lower merges first; equal orders merge from the left.</param>
internal readonly record struct Merge(int Id, uint Order);
