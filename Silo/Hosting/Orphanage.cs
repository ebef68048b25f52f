using Orleans.Runtime;
using OrleansLM.Silo.Log;

namespace OrleansLM.Silo.Hosting;

/// <summary>Whose business an unfinished turn is, by one version of the membership: nobody's while its silo lives, else one of the active silos', by the turn's name.</summary>
internal sealed class Orphanage
{
    private readonly HashSet<string> _living;
    private readonly string[] _active;
    private readonly string _self;

    public Orphanage(ClusterMembershipSnapshot members, SiloAddress self)
    {
        _self = self.ToParsableString();
        _living = [.. members.Members.Values.Where(member => member.Status is SiloStatus.Joining or SiloStatus.Active or SiloStatus.ShuttingDown or SiloStatus.Stopping).Select(Name)];
        _active = [.. members.Members.Values.Where(member => member.Status == SiloStatus.Active).Select(Name)];
    }

    /// <summary>There is no other silo.</summary>
    public bool IsAlone => _active.All(silo => silo == _self);

    public bool IsMine(UnfinishedTurn turn) => !_living.Contains(turn.Owner) && (IsAlone || Keeper(turn) == _self);

    private static string Name(ClusterMember member) => member.SiloAddress.ToParsableString();

    /// <summary>Rendezvous hashing: a silo that comes or goes changes nothing for the turns of the others.</summary>
    private string? Keeper(UnfinishedTurn turn) => _active.MaxBy(silo => Hash($"{turn.TurnId}/{silo}"));

    private static ulong Hash(string text)
    {
        var hash = 14_695_981_039_346_656_037UL;
        foreach (var character in text)
        {
            hash = (hash ^ character) * 1_099_511_628_211UL;
        }

        // FNV leaves its last characters in the low bits; this spreads them.
        hash ^= hash >> 32;
        return hash * 0x9E37_79B9_7F4A_7C15UL;
    }
}
