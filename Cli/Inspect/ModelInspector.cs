using System.Text.Json;
using OrleansLM.Engine.Models;
using OrleansLM.Engine.Tensors;
using OrleansLM.Engine.Weights;
using OrleansLM.Engine.Weights.Configuration;

namespace OrleansLM.Cli.Inspect;

/// <summary>Reads a model folder for <c>inspect</c>: config and headers, and no weights unless they are to be verified.</summary>
internal static class ModelInspector
{
    /// <summary>A folder with nothing but config.json is planned too: for the type that the config declares.</summary>
    /// <exception cref="CheckpointException">The folder cannot be used.</exception>
    public static InspectReport Inspect(InspectOptions options)
    {
        if (!Checkpoint.HasWeights(options.Directory))
        {
            var config = ConfigReader.Read(options.Directory, options.Checkpoint);
            return FromConfig(config, options);
        }

        using var checkpoint = Checkpoint.Open(options.Directory, options.Checkpoint);
        return FromCheckpoint(checkpoint, options);
    }

    private static InspectReport FromConfig(CheckpointConfig config, InspectOptions options)
    {
        var type = config.DeclaredType ?? DataType.Float32;
        long BytesOf(WeightId id) => WeightCatalog.Shape(config.Model, id).ElementCount * type.SizeInBytes();
        var assumed = config.DeclaredType is null ? ", which the config does not say and is assumed" : "";
        return Report(Checkpoint.FolderName(options.Directory), config.Model, BytesOf, options) with
        {
            WeightTypes = [TypeNames.Of(type)],
            Warnings = [.. config.Warnings, $"the folder holds no weights: sizes follow from config.json, for {TypeNames.Of(type)}{assumed}"],
        };
    }

    private static InspectReport FromCheckpoint(Checkpoint checkpoint, InspectOptions options) =>
        Report(checkpoint.Name, checkpoint.Config, checkpoint.SizeInBytes, options) with
        {
            Fingerprint = checkpoint.Fingerprint,
            Files = [.. checkpoint.Files.Select(path => new InspectReport.WeightFile(Path.GetFileName(path), new FileInfo(path).Length))],
            WeightTypes = [.. checkpoint.WeightTypes.Select(TypeNames.Of)],
            Warnings = options.Verify ? [.. checkpoint.Warnings, .. NonFinite(checkpoint)] : checkpoint.Warnings,
        };

    private static IEnumerable<string> NonFinite(Checkpoint checkpoint)
    {
        foreach (var id in WeightCatalog.All(checkpoint.Config).Select(id => WeightCatalog.Stored(checkpoint.Config, id)).Distinct())
        {
            if (FiniteCheck.CountNonFinite(checkpoint.Weights.Get(id)) is > 0 and var count)
            {
                yield return $"{id}: {count} elements are NaN or infinite";
            }
        }
    }

    private static InspectReport Report(string name, ModelConfig model, Func<WeightId, long> bytesOf, InspectOptions options)
    {
        var isRecurrent = model.Family == ModelFamily.Supra;
        var whole = MemoryPlan.For(model, bytesOf, 1, options.StateType, options.PageTokens, options.StateChunkTokens);
        return new InspectReport
        {
            Name = name,
            Family = Camel(model.Family),
            Files = [],
            Parameters = whole.Stages[0].Parameters,
            WeightBytes = whole.WeightBytes,
            WeightTypes = [],
            Shape = new(
                model.LayerCount, model.HiddenSize, model.IntermediateSize, model.HeadCount, model.KeyValueHeadCount, model.HeadDim,
                model.VocabularySize, model.TiedEmbeddings, model.ContextLength, model.SlidingWindow),
            Rope = new(Camel(model.Rope.Scaling), model.Rope.Theta, model.Rope.Factor, model.Rope.OriginalContextLength, Yarn(model)),
            State = new(
                isRecurrent ? "recurrent" : "keysAndValues", TypeNames.Of(whole.StateType), whole.StateBytesPerToken, whole.StateBytesPerSession,
                whole.OpenChunkBytesPerSession, isRecurrent ? options.StateChunkTokens : 0, whole.StateBytesAtFullContext, isRecurrent ? options.MaxCheckpoints : 0),
            Plans =
            [
                .. options.Stages.Where(stages => stages <= model.LayerCount)
                    .Select(stages => Plan(MemoryPlan.For(model, bytesOf, stages, options.StateType, options.PageTokens, options.StateChunkTokens), options.MaxCheckpoints)),
            ],
            Warnings = [],
        };
    }

    private static InspectReport.YarnReport? Yarn(ModelConfig model)
    {
        if (model.Rope.Yarn is not { } profile)
        {
            return null;
        }

        var ramp = YarnRamp.Of(model.Rope, model.HeadDim);
        return new(profile.Name, profile.BetaFast, profile.BetaSlow, ramp.RawLow, ramp.RawHigh, ramp.Low, ramp.High, ramp.AttentionFactor);
    }

    private static InspectReport.PlanReport Plan(MemoryPlan plan, int checkpoints) => new(
        plan.Stages.Count,
        [.. plan.Stages.Select(stage => new InspectReport.StageReport(
            stage.Layers.Start, stage.Layers.End, stage.Parameters, stage.WeightBytes, stage.StateBytesPerToken, stage.StateBytesPerSession,
            stage.StateBytesAtFullContext, stage.StateBytesPerSession * checkpoints, stage.TotalBytes + (stage.StateBytesPerSession * checkpoints)))]);

    private static string Camel<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());
}
