namespace OrleansLM.Hosting.Nodes;

/// <summary>The host that every program which serves is built on.</summary>
public static class NodeHost
{
    /// <summary>
    /// Settings are read once, at the start: watching their files would take an inotify watch for each folder below the one that the program is started
    /// in. That folder has no part in the settings either.
    /// </summary>
    public static WebApplicationBuilder CreateBuilder() => WebApplication.CreateSlimBuilder(new WebApplicationOptions
    {
        Args = ["--hostBuilder:reloadConfigOnChange=false"],
        ContentRootPath = AppContext.BaseDirectory,
    });
}
