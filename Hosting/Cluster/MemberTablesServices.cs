namespace OrleansLM.Hosting.Cluster;

public static class MemberTablesServices
{
    /// <summary>Has the tables of members made before the node joins its cluster.</summary>
    public static IServiceCollection AddMemberTables(this IServiceCollection services, ClusterSettings cluster) => MemberDatabase.Of(cluster) is { } database
        ? services.AddHostedService(provider =>
            new MemberTables(database, cluster.JoinTimeout, provider.GetService<TimeProvider>() ?? TimeProvider.System, provider.GetRequiredService<ILogger<MemberTables>>()))
        : services;
}
