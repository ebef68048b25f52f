using Orleans.Runtime;
using OrleansLM.Contracts.Messages;

namespace OrleansLM.Silo.Membership;

/// <summary>One name for two models: a session that moved between the two silos would not go on with the same tokens.</summary>
/// <param name="Own">What this silo serves.</param>
/// <param name="Other">What an older silo serves by that name.</param>
/// <param name="Silo">The older one.</param>
internal sealed record ModelConflict(ServedModel Own, ServedModel Other, SiloAddress Silo)
{
    /// <summary>What stands against this silo's being in the cluster: who was there first is right. Null when nothing does.</summary>
    /// <param name="self">This silo.</param>
    /// <param name="loads">What the silos have told of themselves, this one included.</param>
    public static ModelConflict? Find(SiloAddress self, IReadOnlyDictionary<SiloAddress, SiloLoad> loads) => loads.TryGetValue(self, out var mine)
        ? loads.Where(silo => silo.Key.CompareTo(self) < 0)
            .OrderBy(silo => silo.Key)
            .SelectMany(silo => silo.Value.Models.Join(
                mine.Models, other => other.Name, own => own.Name, (other, own) => new ModelConflict(own, other, silo.Key), StringComparer.Ordinal))
            .FirstOrDefault(pair => pair.Own.Fingerprint != pair.Other.Fingerprint)
        : null;
}
