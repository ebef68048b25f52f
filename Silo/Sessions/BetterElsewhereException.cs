using Orleans.Runtime;

namespace OrleansLM.Silo.Sessions;

/// <summary>A session that has nothing yet had better begin on another silo. Never leaves this one.</summary>
internal sealed class BetterElsewhereException(SiloAddress silo) : Exception($"the session had better begin on {silo}")
{
    public SiloAddress Silo { get; } = silo;
}
