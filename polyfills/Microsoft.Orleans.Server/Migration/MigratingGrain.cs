namespace Orleans.Runtime.Migration;

/// <summary>An activation on its way to another silo.</summary>
internal sealed record MigratingGrain(GrainAddress From, MigrationContext Context);
