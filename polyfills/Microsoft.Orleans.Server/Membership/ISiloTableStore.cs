namespace Orleans.Runtime.Membership;

/// <summary>Where the table of silos is kept. Each write gives it the next version.</summary>
internal interface ISiloTableStore
{
    /// <summary>The table has changed; a store that cannot tell never raises it and is read from time to time.</summary>
    event Action? Changed;

    Task<SiloTable> ReadAsync(CancellationToken cancellation);

    /// <summary>Adds or replaces the row of a silo; false when the table is not at the expected version any more.</summary>
    Task<bool> TryWriteAsync(SiloTableEntry entry, MembershipVersion expected, CancellationToken cancellation);
}
