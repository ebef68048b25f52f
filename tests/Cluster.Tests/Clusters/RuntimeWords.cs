namespace OrleansLM.Cluster.Tests.Clusters;

/// <summary>How the runtime under the silos says a thing: the stand-in's words | those of Orleans' packages.</summary>
internal static class RuntimeWords
{
    public const string DeclaredDead = "was declared dead by the cluster|I have been told I am dead, so this silo will stop";

    public const string CouldNotJoin = "could not join|Failed to get ping responses";

    public const string NotTls = "was not set up|Cannot determine the frame size or a corrupted frame was received";
}
