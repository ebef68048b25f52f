namespace Orleans.Configuration;

/// <summary>Timings of failure detection between processes. Silos of one process know of each other at once.</summary>
public class ClusterMembershipOptions
{
    /// <summary>Whether silos watch each other at all.</summary>
    public bool LivenessEnabled { get; set; } = true;

    /// <summary>How many other silos each silo probes.</summary>
    public int NumProbedSilos { get; set; } = 10;

    /// <summary>How long a probe may take, and how often probes are sent.</summary>
    public TimeSpan ProbeTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Missed probes in a row after which a silo is suspected.</summary>
    public int NumMissedProbesLimit { get; set; } = 3;

    /// <summary>Suspicions that declare a silo dead.</summary>
    public int NumVotesForDeathDeclaration { get; set; } = 2;

    /// <summary>How long a suspicion counts.</summary>
    public TimeSpan DeathVoteExpirationTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>How often each silo reads the table of members.</summary>
    public TimeSpan TableRefreshTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How often each silo writes to the table that it is alive.</summary>
    public TimeSpan IAmAliveTablePublishTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>A silo that has not written for so many of these periods is not waited for by one that joins.</summary>
    public int NumMissedTableIAmAliveLimit { get; set; } = 3;

    /// <summary>Whether the last probe before a suspicion goes by another silo.</summary>
    public bool EnableIndirectProbes { get; set; } = true;

    /// <summary>Whether a silo that does not become active within <see cref="MaxJoinAttemptTime"/> is declared dead.</summary>
    public bool EvictWhenMaxJoinAttemptTimeExceeded { get; set; } = true;

    /// <summary>How long the rows of dead silos are kept.</summary>
    public TimeSpan DefunctSiloExpiration { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How long a silo tries to join before it gives up.</summary>
    public TimeSpan MaxJoinAttemptTime { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Whether changes of the membership are told to the others at once.</summary>
    public bool UseLivenessGossip { get; set; } = true;
}
