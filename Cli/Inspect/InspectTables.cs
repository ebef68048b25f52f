using Spectre.Console;

namespace OrleansLM.Cli.Inspect;

/// <summary>Prints an <see cref="InspectReport"/> for people.</summary>
internal static class InspectTables
{
    public static void Write(IAnsiConsole console, InspectReport report)
    {
        console.Write(Summary(report));
        foreach (var plan in report.Plans)
        {
            console.Write(PlanTable(report, plan));
        }

        foreach (var warning in report.Warnings)
        {
            console.MarkupLineInterpolated($"[yellow]note:[/] {warning}");
        }
    }

    private static Table Summary(InspectReport report)
    {
        var shape = report.Shape;
        var table = new Table().Border(TableBorder.Rounded).HideHeaders().AddColumn("").AddColumn("");
        Row("model", $"{report.Name} ({report.Family})");
        Row("shape", $"{shape.Layers} layers, hidden {shape.HiddenSize}, feed-forward {shape.IntermediateSize}, heads {shape.Heads}/{shape.KeyValueHeads} of {shape.HeadDim}, vocabulary {shape.Vocabulary}{(shape.TiedEmbeddings ? ", tied embeddings" : "")}");
        Row(report.State.Kind == "recurrent" ? "trained length" : "context", $"{shape.ContextLength:N0} tokens{(shape.SlidingWindow is { } window ? $", sliding window {window:N0}" : "")}");
        Row("RoPE", Rope(report.Rope));
        if (report.Rope.Yarn is { } yarn)
        {
            Row("YaRN profile", $"{yarn.Profile}: low {yarn.Low:0.###} ({yarn.RawLow:0.######}), high {yarn.High:0.###} ({yarn.RawHigh:0.######}), mscale {yarn.Mscale:0.########}");
        }

        Row("parameters", $"{report.Parameters:N0}");
        Row("weights", $"{ByteSize.Format(report.WeightBytes)} ({report.WeightBytes:N0} bytes), {string.Join(" + ", report.WeightTypes)}{(report.Files.Count == 0 ? ", absent" : "")}");
        if (report.Files.Count > 0)
        {
            Row("files", $"{string.Join(", ", report.Files.Select(file => $"{file.Name} ({ByteSize.Format(file.Bytes)})"))}");
            Row("fingerprint", $"{report.Fingerprint}");
        }

        Row("state", State(report.State));
        return table;

        void Row(string name, string text) => table.AddRow(new Text(name), new Text(text));
    }

    private static string Rope(InspectReport.RopeReport rope) =>
        rope.Scaling == "none" ? $"base {rope.Theta}, no scaling" : $"base {rope.Theta}, {rope.Scaling} ×{rope.Factor} over {rope.OriginalContextLength:N0} tokens";

    private static string State(InspectReport.StateReport state) =>
        state.Kind == "recurrent"
            ? $"recurrent, {ByteSize.Format(state.BytesPerSession)} per session whatever its length ({state.Type}){OpenChunk(state)}, and up to {state.MaxCheckpoints} earlier ones for rollbacks"
            : $"keys and values, {ByteSize.Format(state.BytesPerToken)} per token, {ByteSize.Format(state.BytesAtFullContext)} at full context ({state.Type})";

    private static string OpenChunk(InspectReport.StateReport state) => state.ChunkTokens == 1 ? "" :
        $": {ByteSize.Format(state.BytesPerSession - state.OpenChunkBytes)} of state and {ByteSize.Format(state.OpenChunkBytes)} for the open chunk of {state.ChunkTokens} tokens";

    private static Table PlanTable(InspectReport report, InspectReport.PlanReport plan)
    {
        var isRecurrent = report.State.Kind == "recurrent";
        var table = new Table().Border(TableBorder.Rounded).AddColumn(plan.Stages == 1 ? "1 stage" : $"{plan.Stages} stages").AddColumn("layers").AddColumn("weights", Right);
        string[] state = isRecurrent ? ["state per session", $"{report.State.MaxCheckpoints} checkpoints"] : ["state per token", "at full context"];
        foreach (var heading in (string[])[.. state, "weights + 1 session"])
        {
            table.AddColumn(heading, Right);
        }

        for (var device = 0; device < plan.Devices.Count; device++)
        {
            table.AddRow(Cells(plan.Devices[device], device, isRecurrent));
        }

        return table;

        static void Right(TableColumn column) => column.RightAligned();
    }

    private static string[] Cells(InspectReport.StageReport stage, int device, bool isRecurrent)
    {
        string[] state = isRecurrent
            ? [ByteSize.Format(stage.StateBytesPerSession), ByteSize.Format(stage.CheckpointBytesPerSession)]
            : [ByteSize.Format(stage.StateBytesPerToken), ByteSize.Format(stage.StateBytesAtFullContext)];
        return [$"device {device}", $"{stage.FirstLayer} – {stage.EndLayer - 1}", ByteSize.Format(stage.WeightBytes), .. state, ByteSize.Format(stage.TotalBytes)];
    }
}
