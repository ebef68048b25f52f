namespace OrleansLM.Hosting.Nodes;

/// <summary>What every node's process has; section <c>Node</c> of the configuration.</summary>
public sealed class NodeSettings
{
    public const string Section = "Node";

    /// <summary>Where the node listens: a gateway for gRPC, a silo for <c>/health/live</c> and <c>/health/ready</c>. Port 0 takes a free one.</summary>
    public Uri Listen { get; set; } = new("http://127.0.0.1:0");

    /// <summary>OTLP endpoint (gRPC) that traces and metrics are sent to; null: none.</summary>
    public Uri? Otlp { get; set; }

    /// <summary>One JSON object a line instead of text.</summary>
    public bool JsonLogs { get; set; }

    /// <summary>Least important log lines that are written.</summary>
    public LogLevel LogLevel { get; set; } = LogLevel.Information;
}
