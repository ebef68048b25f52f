namespace Orleans.Runtime.Clustering;

/// <summary>What a silo in a cluster of processes does beside what one in a process of many does.</summary>
internal interface ISiloNetwork
{
    /// <summary>Whether the cluster has declared this silo dead.</summary>
    bool IsFenced { get; }

    /// <summary>Before it receives anything.</summary>
    void Open();

    /// <summary>Before it is entered in the table.</summary>
    Task PrepareAsync(CancellationToken cancellation);

    /// <summary>While it is joining.</summary>
    Task JoinAsync(CancellationToken cancellation);

    /// <summary>It is active.</summary>
    void Start();

    /// <summary>It begins to leave, by its own will.</summary>
    void BeginLeaving();

    /// <summary>Before it leaves the table.</summary>
    Task StopAsync();
}
