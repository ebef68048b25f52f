using System.Text.Json;

namespace OrleansLM.Reporting;

/// <summary>The rows of one run, on which machine and of which commit; the form of the files in bench/results.</summary>
/// <param name="Machine">Processor, cores, memory, operating system, runtime.</param>
/// <param name="Commit">Abbreviated hash, with <c>+</c> when files differ from it; <c>unknown</c> outside a repository.</param>
/// <param name="Rows">In the order in which they were measured.</param>
/// <param name="Command">What was run, without the program's path.</param>
/// <param name="Measured">When the last row was measured.</param>
public sealed record BenchReport(string Machine, string Commit, IReadOnlyList<BenchRow> Rows, string? Command = null, DateTimeOffset? Measured = null)
{
    /// <summary>A report of rows measured by this process on this machine.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="device">What computed, where that is not the processor.</param>
    public static BenchReport Here(IReadOnlyList<BenchRow> rows, string? device = null) => new(
        device is null ? MachineDescription.Here() : $"{device}; {MachineDescription.Here()}", Reporting.Commit.Here(), rows, string.Join(' ', Environment.GetCommandLineArgs().Skip(1)), TimeProvider.System.GetUtcNow());

    public static BenchReport ReadJson(string path)
    {
        using var file = File.OpenRead(path);
        return JsonSerializer.Deserialize(file, ReportJson.Default.BenchReport) ?? throw new InvalidDataException($"{path}: null found, a report expected");
    }

    /// <summary>Writes the file whole or not at all.</summary>
    public void WriteJson(string path)
    {
        var draft = path + ".draft";
        File.WriteAllText(draft, JsonSerializer.Serialize(this, ReportJson.Default.BenchReport) + "\n");
        File.Move(draft, path, overwrite: true);
    }

    public void WriteTable(TextWriter writer) => new ReportTable(writer).Write(this);
}
