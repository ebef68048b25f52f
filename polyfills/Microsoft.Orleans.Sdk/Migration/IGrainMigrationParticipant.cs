namespace Orleans.Runtime;

/// <summary>Has state that moves with an activation. A grain class that implements it takes part by itself.</summary>
public interface IGrainMigrationParticipant
{
    /// <summary>On the old silo, after OnDeactivateAsync.</summary>
    void OnDehydrate(IDehydrationContext dehydrationContext);

    /// <summary>On the new silo, before OnActivateAsync.</summary>
    void OnRehydrate(IRehydrationContext rehydrationContext);
}
