using Microsoft.Extensions.Logging;
using Orleans.Runtime.Migration;
using Orleans.Serialization;

namespace Orleans.Runtime.Activations;

internal sealed partial class GrainLifecycle(Activation activation, ILogger logger) : StagedLifecycle, IGrainLifecycle
{
    private readonly List<IGrainMigrationParticipant> _participants = [];

    public void AddMigrationParticipant(IGrainMigrationParticipant participant) => _participants.Add(participant);

    public void RemoveMigrationParticipant(IGrainMigrationParticipant participant) => _participants.Remove(participant);

    public MigrationContext Dehydrate(DeepCopier copier)
    {
        var context = new MigrationContext(copier, []);
        foreach (IGrainMigrationParticipant participant in _participants)
            participant.OnDehydrate(context);
        return context;
    }

    public void Rehydrate(MigrationContext context)
    {
        foreach (IGrainMigrationParticipant participant in _participants)
            participant.OnRehydrate(context);
    }

    protected override void OnStopFailed(string observerName, int stage, Exception exception) => LogStopFailed(observerName, activation.GrainId, exception);
}
