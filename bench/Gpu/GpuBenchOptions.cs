namespace OrleansLM.Gpu;

/// <summary>What to measure; without options everything that needs one device and no files but the repository's own: about six minutes on an H200.</summary>
public sealed record GpuBenchOptions
{
    private const string SmallModel = "models/tiny-yarn-mistral-128k";

    /// <summary>File for the results; null: only the table.</summary>
    public string? Json { get; init; }

    /// <summary>Only rows whose name contains one of these, separated by commas; the ceilings are always measured, and a model's upload and state rows with any of its own.</summary>
    public string Filter { get; init; } = "";

    /// <summary>Devices, by the driver's numbers; the first one for everything but the pipeline rows.</summary>
    public IReadOnlyList<int> Devices { get; init; } = [0];

    /// <summary>Timed decode steps for each row.</summary>
    public int Steps { get; init; } = 60;

    /// <summary>Folder written by transformers_baseline.py: its logits are compared with this backend's.</summary>
    public string? Parity { get; init; }

    /// <summary>Model folder for the engine rows; null: a model of 7B with random weights is written to the folder for temporary files, and removed at the end.</summary>
    public string? Engine { get; init; }

    /// <summary>Folder of a tokenizer that has no more ids than that model.</summary>
    public string Tokenizer { get; init; } = SmallModel;

    /// <summary>Rows of a step at most, for the engine rows.</summary>
    public int StepTokens { get; init; } = 4096;

    /// <summary>Serves stages of this model folder on the first device and measures nothing: the second process of the pipeline rows.</summary>
    public string? Serve { get; init; }

    /// <summary>Model folder, with its tokenizer, for sessions that come and go.</summary>
    public string Sessions { get; init; } = SmallModel;

    /// <summary>Seconds that they go on.</summary>
    public int SessionSeconds { get; init; } = 180;

    public static string Usage =>
        "bench gpu [--json FILE] [--filter TEXT,…] [--devices 0,1,…] [--steps N] [--parity FOLDER] [--engine FOLDER] [--tokenizer FOLDER] [--step-tokens N] [--sessions FOLDER] [--session-seconds N]";

    /// <exception cref="ArgumentException">An option that is not known, or a value that is none.</exception>
    public static GpuBenchOptions Parse(string[] args)
    {
        var options = new GpuBenchOptions();
        for (var i = 0; i < args.Length; i += 2)
        {
            var value = i + 1 < args.Length ? args[i + 1] : throw new ArgumentException($"{args[i]} needs a value; usage: {Usage}");
            options = args[i] switch
            {
                "--json" => options with { Json = value },
                "--filter" => options with { Filter = value },
                "--parity" => options with { Parity = value },
                "--engine" => options with { Engine = value },
                "--tokenizer" => options with { Tokenizer = value },
                "--sessions" => options with { Sessions = value },
                "--serve" => options with { Serve = value },
                "--step-tokens" when int.TryParse(value, out var rows) && rows >= 16 => options with { StepTokens = rows },
                "--session-seconds" when int.TryParse(value, out var seconds) && seconds > 0 => options with { SessionSeconds = seconds },
                "--steps" when int.TryParse(value, out var steps) && steps > 0 => options with { Steps = steps },
                "--devices" when Numbers(value) is { } devices => options with { Devices = devices },
                _ => throw new ArgumentException($"'{args[i]} {value}' is not understood; usage: {Usage}"),
            };
        }

        return options;
    }

    private static int[]? Numbers(string text)
    {
        var parts = text.Split(',');
        return parts.All(part => int.TryParse(part, out var number) && number >= 0) ? [.. parts.Select(int.Parse)] : null;
    }
}
