using Google.Protobuf;

namespace OrleansLM.Cli.Cluster;

/// <summary>Answers of the cluster as JSON, with the names of the .proto file.</summary>
internal static class ClusterJson
{
    private static readonly JsonFormatter.Settings Settings = JsonFormatter.Settings.Default.WithFormatDefaultValues(true).WithPreserveProtoFieldNames(true);
    private static readonly JsonFormatter OneLine = new(Settings);
    private static readonly JsonFormatter Indented = new(Settings.WithIndentation());

    public static string Write(IMessage message) => Indented.Format(message) + Environment.NewLine;

    public static string WriteLine(IMessage message) => OneLine.Format(message) + Environment.NewLine;
}
