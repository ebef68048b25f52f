namespace OrleansLM.Cli.Cluster;

/// <summary>Addresses of silos for people.</summary>
internal static class NodeAddress
{
    /// <summary>host:port of <c>S127.0.0.1:11111:533053762</c> or <c>127.0.0.1:11111@533053762</c>; the last number, which tells one run of a silo from the next, is left out.</summary>
    public static string Short(string address)
    {
        var start = address.StartsWith('S') ? 1 : 0;
        var end = address.LastIndexOf('@');
        if (end < 0 && address.IndexOf(':', StringComparison.Ordinal) is var colon and >= 0)
        {
            end = address.LastIndexOf(':');
            end = end == colon ? -1 : end;
        }

        return end < start ? address[start..] : address[start..end];
    }
}
