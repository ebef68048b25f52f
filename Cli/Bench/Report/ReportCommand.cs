using System.CommandLine;

namespace OrleansLM.Cli.Bench.Report;

/// <summary><c>bench report</c>: writes the README's table of goals and the page of all rows from bench/results.</summary>
internal static class ReportCommand
{
    public static Command Create()
    {
        var home = new Option<string>("--home") { Description = "Root of the repository", DefaultValueFactory = _ => Environment.GetEnvironmentVariable("ORLEANSLM_HOME") ?? "." };
        var command = new Command("report", "Write the README's table of goals and bench/results/README.md from the newest results") { home };
        command.SetAction(parsed =>
        {
            var documents = new ResultDocuments(parsed.GetValue(home)!);
            File.WriteAllText(documents.ReadmePath, documents.Readme());
            File.WriteAllText(documents.PagePath, documents.Page());
            return 0;
        });
        return command;
    }
}
