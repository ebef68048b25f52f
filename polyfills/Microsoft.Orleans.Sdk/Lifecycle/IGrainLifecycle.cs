namespace Orleans.Runtime;

/// <summary>The life of one activation; stages are those of <see cref="GrainLifecycleStage"/>.</summary>
public interface IGrainLifecycle : ILifecycleObservable
{
    void AddMigrationParticipant(IGrainMigrationParticipant participant);

    void RemoveMigrationParticipant(IGrainMigrationParticipant participant);
}
