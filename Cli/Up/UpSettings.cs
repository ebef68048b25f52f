using OrleansLM.Engine.Runtime;

namespace OrleansLM.Cli.Up;

/// <summary>What <c>up</c> was asked for. Everything else comes from configuration (<c>--set</c>, environment, <c>--config</c>).</summary>
public sealed record UpSettings
{
    /// <summary>Folders of the models to serve.</summary>
    public required IReadOnlyList<string> Models { get; init; }

    /// <summary>Where the gateway listens; port 0 takes a free one.</summary>
    public required Uri Listen { get; init; }

    /// <summary>Folder of the session log.</summary>
    public required string DataDirectory { get; init; }

    public EngineOptions Engine { get; init; } = new();

    /// <summary>Seconds after which an idle session sleeps; 0: never by itself. Null: what the configuration says.</summary>
    public double? SleepAfterSeconds { get; init; }

    /// <summary>MiB for snapshots; 0: none are written. Null: what the configuration says.</summary>
    public long? SnapshotQuotaMib { get; init; }

    /// <summary>OTLP endpoint for traces and metrics; null: none are exported.</summary>
    public Uri? Otlp { get; init; }

    public LogLevel LogLevel { get; init; } = LogLevel.Warning;

    /// <summary>One JSON object a line instead of text.</summary>
    public bool JsonLogs { get; init; }

    /// <summary>A JSON file with sections Gateway, Serving, Sessions, SessionLog, Snapshots.</summary>
    public string? ConfigFile { get; init; }

    /// <summary>Single settings, as <c>Section:Key=value</c>.</summary>
    public IReadOnlyList<string> Set { get; init; } = [];
}
