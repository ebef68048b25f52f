namespace OrleansLM.Cli.Bench.Chaos;

/// <summary>What is done to a cluster in a round.</summary>
internal enum ChaosFault
{
    /// <summary>SIGKILL of a silo.</summary>
    KillSilo,

    /// <summary>SIGKILL of a gateway.</summary>
    KillGateway,

    /// <summary>SIGSTOP of a silo for 10 s, after which it finds itself declared dead.</summary>
    FreezeSilo,

    /// <summary>A PostgreSQL server that crashes and comes back.</summary>
    RestartDatabase,

    /// <summary>SIGTERM of a silo, which drains, and a new one.</summary>
    RestartSilo,

    /// <summary>The network between two silos is cut for 10 s; others reach both.</summary>
    CutNetwork,
}
