namespace Orleans.Runtime;

public static class SiloStatusExtensions
{
    /// <summary>Whether the silo is leaving the cluster or has left it.</summary>
    public static bool IsTerminating(this SiloStatus siloStatus)
        => siloStatus is SiloStatus.ShuttingDown or SiloStatus.Stopping or SiloStatus.Dead;
}
