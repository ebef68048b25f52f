using Microsoft.Extensions.Options;

namespace OrleansLM.Hosting.Nodes;

/// <summary>
/// Where a node's settings come from, later ones winning: <c>appsettings.json</c> beside the program, the file of <c>--config</c>, environment variables
/// <c>ORLEANSLM_Section__Key</c>, the command line (<c>--Section:Key=value</c>, and short names for what is used most).
/// </summary>
public static class NodeConfiguration
{
    private static readonly string[] s_sections = ["Cluster", "Node", "Serving", "Sessions", "SessionLog", "Snapshots", "Placement", "Stages", "Gateway", "Kestrel", "Logging"];

    private static readonly Dictionary<string, string> s_names = new()
    {
        ["--model"] = "Serving:Models:0:Directory",
        ["--state-bytes"] = "Serving:Models:0:Engine:StateBytes",
        ["--threads"] = "Serving:Models:0:Engine:Threads",
        ["--name"] = "Cluster:Name",
        ["--cluster-id"] = "Cluster:ClusterId",
        ["--clustering"] = "Cluster:Clustering",
        ["--path"] = "Cluster:Path",
        ["--connection"] = "Cluster:ConnectionString",
        ["--address"] = "Cluster:Address",
        ["--silo-port"] = "Cluster:SiloPort",
        ["--client-port"] = "Cluster:ClientPort",
        ["--zone"] = "Placement:Zone",
        ["--listen"] = "Node:Listen",
        ["--otlp"] = "Node:Otlp",
        ["--log-json"] = "Node:JsonLogs",
        ["--log-level"] = "Node:LogLevel",
        ["--config"] = "config",
    };

    /// <exception cref="ArgumentException">An argument that is no setting.</exception>
    public static void Add(ConfigurationManager configuration, string[] arguments)
    {
        Check(arguments);
        configuration.AddJsonFile(Path.Combine(AppContext.BaseDirectory, "appsettings.json"), optional: true);
        if (new ConfigurationBuilder().AddCommandLine(arguments, s_names).Build()["config"] is { } file)
        {
            configuration.AddJsonFile(Path.GetFullPath(file), optional: false);
        }

        configuration.AddEnvironmentVariables("ORLEANSLM_");
        configuration.AddCommandLine(arguments, s_names);
    }

    /// <summary>Reads a section whole; a key that it does not have is an error with its name.</summary>
    public static T Read<T>(IConfiguration configuration, string section)
        where T : class, new()
    {
        try
        {
            return configuration.GetSection(section).Get<T>(binder => binder.ErrorOnUnknownConfiguration = true) ?? new T();
        }
        catch (InvalidOperationException failure)
        {
            throw new OptionsValidationException(section, typeof(T), [$"{section}: {failure.Message}"]);
        }
    }

    private static void Check(string[] arguments)
    {
        for (var i = 0; i < arguments.Length; i++)
        {
            var name = arguments[i].Split('=', 2)[0];
            var isSetting = name.StartsWith("--", StringComparison.Ordinal) && Array.Exists(s_sections, section => name.StartsWith($"--{section}:", StringComparison.OrdinalIgnoreCase));
            if (!isSetting && !s_names.ContainsKey(name))
            {
                throw new ArgumentException($"{arguments[i]}: expected --Section:Key=value with a section of {string.Join(", ", s_sections)}, or one of {string.Join(", ", s_names.Keys)}");
            }

            // A value may stand by itself.
            i += arguments[i].Contains('=', StringComparison.Ordinal) ? 0 : 1;
        }
    }
}
