using System.CommandLine;
using OrleansLM.Gateway.Hosting;
using OrleansLM.Silo.Hosting;

namespace OrleansLM.Cli.Nodes;

/// <summary><c>silo</c> and <c>gateway</c>: one node of a cluster, as the programs OrleansLM.Silo and OrleansLM.Gateway are.</summary>
internal static class NodeCommands
{
    public static Command Silo() => Describe(
        "silo", "Run a silo of a cluster: --clustering Sqlite|Postgres, --path FILE or --connection TEXT, --model FOLDER, --silo-port N, --client-port N, --Section:Key=value …");

    public static Command Gateway() => Describe(
        "gateway", "Run a gateway of a cluster: --clustering Sqlite|Postgres, --path FILE or --connection TEXT, --listen http://IP:PORT, --Section:Key=value …");

    public static bool IsNode(string[] arguments) => arguments is ["silo" or "gateway", .. var rest] && !rest.Any(argument => argument is "--help" or "-h" or "-?");

    public static Task<int> RunAsync(string[] arguments) =>
        arguments[0] == "silo" ? SiloNode.RunAsync(arguments[1..], CancellationToken.None) : GatewayNode.RunAsync(arguments[1..], CancellationToken.None);

    /// <summary>For the help text: <see cref="RunAsync"/> runs it.</summary>
    private static Command Describe(string name, string description) => new(name, description) { TreatUnmatchedTokensAsErrors = false };
}
