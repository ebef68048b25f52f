namespace Orleans.Runtime.Membership;

/// <summary>Where the table of silos is kept. Each write gives it the next version.</summary>
internal interface ISiloTableStore
{
    /// <summary>The table has changed; a store that cannot tell never raises it and is read from time to time.</summary>
    event Action? Changed;

    /// <summary>Makes the table ready, if it is not yet.</summary>
    Task InitializeAsync(CancellationToken cancellation) => Task.CompletedTask;

    Task<SiloTable> ReadAsync(CancellationToken cancellation);

    /// <summary>Adds or replaces the row of a silo; false when the table is not at the expected version any more.</summary>
    Task<bool> TryWriteAsync(SiloTableEntry entry, MembershipVersion expected, CancellationToken cancellation);

    /// <summary>Notes that a silo is alive, without a new version.</summary>
    Task WriteAliveAsync(SiloAddress silo, DateTime time, CancellationToken cancellation) => Task.CompletedTask;

    /// <summary>Removes the rows of silos that died before the given time.</summary>
    Task RemoveDeadAsync(DateTime before, CancellationToken cancellation) => Task.CompletedTask;
}
