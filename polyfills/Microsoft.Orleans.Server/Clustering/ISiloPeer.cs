using Orleans.Runtime.Manifest;
using Orleans.Runtime.Migration;

namespace Orleans.Runtime.Clustering;

/// <summary>What silos ask of each other, beside carrying messages.</summary>
internal interface ISiloPeer
{
    SiloManifest Manifest { get; }

    /// <summary>Takes an activation over; completes when the directory has it here. False when it cannot be taken.</summary>
    Task<bool> AcceptAsync(MigratingGrain grain);
}
