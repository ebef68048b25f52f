using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Sampling;
using OrleansLM.Engine.Text;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Engine.Tests.Runtime;

/// <summary>Real engines over the models that ship with the repository.</summary>
internal static class TinyEngine
{
    public const string Yarn = "tiny-yarn-mistral-128k";

    public const string Supra = "tiny-supra";

    public static InferenceEngine Load(string model, EngineOptions options, TimeProvider? time = null) => InferenceEngine.Load(
        Checkpoint.Open(TestFiles.Model(model)), ModelTokenizers.Open(TestFiles.Model(model)), options, time ?? TimeProvider.System);

    /// <summary>Room for a few sequences, quick to set up.</summary>
    public static EngineOptions Options(int budget = 512, int stages = 1, int pages = 64) => new()
    {
        MaxStepTokens = budget,
        Stages = stages,
        StateBytes = pages * 64L * 8 * 2 * 2 * 64 * sizeof(float),
    };

    public static async Task<List<TurnOutput>> ReadAsync(IEngineTurn turn)
    {
        var outputs = new List<TurnOutput>();
        await foreach (var output in turn.Output.ReadAllAsync())
        {
            outputs.Add(output);
        }

        return outputs;
    }

    public static async Task<List<TurnOutput>> GenerateAsync(IEngineSequence sequence, int[] tokens, int max, SamplingParameters? sampling = null)
        => await ReadAsync(sequence.Submit(LoopRig.Request(tokens, max, sampling)));

    /// <summary>What must be the same bit for bit: ids and log-probabilities.</summary>
    public static List<(int Id, float LogProb)> Bits(IEnumerable<TurnOutput> outputs)
        => [.. outputs.Where(output => output.Kind is TurnOutputKind.Token or TurnOutputKind.PromptLogProb).Select(output => (output.Token.TokenId, output.Token.LogProb))];
}
