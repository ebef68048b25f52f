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

    /// <summary>Seconds for each row: more give steadier medians. A row takes at most a few times as long.</summary>
    public double Seconds { get; init; } = 1;

    /// <summary>
    /// Folder of a model: its rows and those of a 1B shape of its family are measured, and no kernels. Null: kernels, both 1B shapes and the models that
    /// ship with the repository.
    /// </summary>
    public string? Model { get; init; }

    public static string Usage => "bench cpu [--json FILE] [--threads N] [--filter TEXT] [--seconds S] [--model MODEL_FOLDER]";

    /// <exception cref="ArgumentException">An option that is not known, or a value that is none.</exception>
    public static CpuBenchOptions Parse(string[] args)
    {
        var options = new CpuBenchOptions();
        for (var i = 0; i < args.Length; i += 2)
        {
            var value = i + 1 < args.Length ? args[i + 1] : throw new ArgumentException($"{args[i]} needs a value; usage: {Usage}");
            options = args[i] switch
            {
                "--json" => options with { Json = value },
                "--threads" when int.TryParse(value, out var threads) && threads > 0 => options with { Threads = threads },
                "--filter" => options with { Filter = value },
                "--seconds" when double.TryParse(value, out var seconds) && seconds is > 0 and < 600 => options with { Seconds = seconds },
                "--model" => options with { Model = value },
                _ => throw new ArgumentException($"'{args[i]} {value}' is not understood; usage: {Usage}"),
            };
        }

        return options;
    }
}
