namespace OrleansLM.Cpu;

/// <summary>What to measure.</summary>
public sealed record CpuBenchOptions
{
    /// <summary>File for the results; null: only the table.</summary>
    public string? Json { get; init; }

    /// <summary>Threads; null: all cores.</summary>
    public int? Threads { get; init; }

    /// <summary>Only rows whose name contains this.</summary>
    public string Filter { get; init; } = "";

    /// <summary>Seconds for each row: more give steadier medians.</summary>
    public double Seconds { get; init; } = 2;

    /// <summary>Folder of a small trained model for the <c>tiny</c> rows; null: those rows are left out.</summary>
    public string? Tiny { get; init; }

    public static string Usage => "bench cpu [--json FILE] [--threads N] [--filter TEXT] [--seconds S] [--tiny MODEL_FOLDER]";

    /// <exception cref="ArgumentException">An option that is not known, or a value that is none.</exception>
    public static CpuBenchOptions Parse(string[] args)
    {
        var options = new CpuBenchOptions { Tiny = DefaultTiny() };
        for (var i = 0; i < args.Length; i += 2)
        {
            var value = i + 1 < args.Length ? args[i + 1] : throw new ArgumentException($"{args[i]} needs a value; usage: {Usage}");
            options = args[i] switch
            {
                "--json" => options with { Json = value },
                "--threads" when int.TryParse(value, out var threads) && threads > 0 => options with { Threads = threads },
                "--filter" => options with { Filter = value },
                "--seconds" when double.TryParse(value, out var seconds) && seconds is > 0 and < 600 => options with { Seconds = seconds },
                "--tiny" => options with { Tiny = value },
                _ => throw new ArgumentException($"'{args[i]} {value}' is not understood; usage: {Usage}"),
            };
        }

        return options;
    }

    private static string? DefaultTiny()
    {
        var folder = Path.Combine(Environment.GetEnvironmentVariable("ORLEANSLM_HOME") ?? ".", "models", "tiny-yarn-mistral-128k");
        return Directory.Exists(folder) ? folder : null;
    }
}
