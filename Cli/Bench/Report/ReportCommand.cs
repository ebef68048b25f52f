using System.CommandLine;

namespace OrleansLM.Cli.Bench.Report;

/// <summary><c>bench report</c>: writes the README's table from the newest files of bench/results.</summary>
internal static class ReportCommand
{
    public static Command Create()
    {
        var home = new Option<string>("--home") { Description = "Root of the repository", DefaultValueFactory = _ => Environment.GetEnvironmentVariable("ORLEANSLM_HOME") ?? "." };
        var command = new Command("report", "Write the README's table of measurements from bench/results") { home };
        command.SetAction(parsed =>
        {
            var root = parsed.GetValue(home)!;
            var readme = Path.Combine(root, "README.md");
            File.WriteAllText(readme, ReadmeTable.Replace(File.ReadAllText(readme), ReadmeTable.Of(Path.Combine(root, "bench", "results"))));
            return 0;
        });
        return command;
    }
}
