namespace Orleans.Runtime.Clustering;

/// <summary>Where each grain's activation is. At most one address per grain, whoever asks.</summary>
internal interface IActivationDirectory
{
    /// <summary>
    /// Enters an activation, unless the grain has another one already: one that is not <paramref name="previous"/> and not on the same silo. Returns the address
    /// that holds afterwards.
    /// </summary>
    ValueTask<GrainAddress> RegisterAsync(GrainAddress address, GrainAddress? previous);

    /// <summary>Where the grain is; what this silo remembers may be out of date.</summary>
    ValueTask<GrainAddress?> LookupAsync(GrainId grain, bool useCache);

    /// <summary>Removes this activation's address; another activation's stays.</summary>
    ValueTask UnregisterAsync(GrainAddress address);

    /// <summary>The activation has moved to another silo, which has entered it there.</summary>
    void Release(GrainAddress address);

    /// <summary>Forgets that the grain was on this silo.</summary>
    void Invalidate(GrainId grain, SiloAddress silo);

    /// <summary>Removes the addresses of a silo that is gone.</summary>
    void RemoveSilo(SiloAddress silo);
}
