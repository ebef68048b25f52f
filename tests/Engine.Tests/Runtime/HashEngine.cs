using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Runtime.Loop;
using OrleansLM.Engine.State;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Tests.Runtime;

/// <summary>A running engine, thread and all, over <see cref="HashModel"/>.</summary>
internal static class HashEngine
{
    public static InferenceEngine Start(bool recurrent = false, int? window = null, int pages = 100, int pageTokens = 16, string fingerprint = "one", int checkpoints = 4)
    {
        var config = LoopRig.NewConfig(context: 4000, window, recurrent) with { EosTokenIds = [2] };
        var options = new EngineOptions { PageTokens = pageTokens, MaxStepTokens = 64, CheckpointTokens = 16, MaxCheckpoints = checkpoints };
        var chain = new HashChain(config, pages, pageTokens, options.MaxStepTokens);
        var parts = new EngineParts
        {
            ModelName = "hash",
            Config = config,
            Tokenizer = LoopRig.Tokenizer,
            Options = options,
            Chain = chain,
            Pool = new PagePool(pages),
            Time = TimeProvider.System,
            Fingerprint = fingerprint,
            BackendKind = "hash",
        };
        return new InferenceEngine(parts, Describe(options, pages, fingerprint), meters: null, owned: null);
    }

    private static EngineDescription Describe(EngineOptions options, int pages, string fingerprint) => new()
    {
        ModelName = "hash",
        Fingerprint = fingerprint,
        ParameterCount = 1,
        WeightBytes = 1,
        Stages = [new LayerRange(0, 1)],
        Backend = "hash",
        BackendKind = "hash",
        StateBytesPerToken = 0,
        StateBytesPerSequence = 0,
        StateType = DataType.Float32,
        PageTokens = options.PageTokens,
        PageCount = pages,
    };
}
