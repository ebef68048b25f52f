using Microsoft.Extensions.Logging;

namespace Orleans.Runtime.Clustering.Directory;

internal sealed partial class DistributedDirectory
{
    [LoggerMessage(Level = LogLevel.Debug, Message = "The directory has {Silos} silos at membership version {Version}; this one has {Entries} entries.")]
    private partial void LogView(int silos, MembershipVersion version, int entries);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Silo} has not told its activations yet; what is asked about them waits.")]
    private partial void LogRecoveryWaits(SiloAddress silo, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "Grain {Grain} has two activations, {Winner} and {Loser}; the second one ends.")]
    private partial void LogDuplicate(GrainId grain, GrainAddress winner, GrainAddress loser);

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Address} could not be taken out of the directory; that is noticed when it is called.")]
    private partial void LogUnregisterFailed(GrainAddress address, Exception exception);
}
