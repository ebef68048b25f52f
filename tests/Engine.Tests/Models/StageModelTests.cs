using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Backends.Reference;
using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Tensors;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Engine.Tests.Models;

public sealed class StageModelTests
{
    private static readonly StageOptions Options = new() { StateUnits = 4, PageTokens = 16, MaxRows = 32, MaxLogitRows = 8 };

    [Theory]
    [InlineData(0, 0)]
    [InlineData(-1, 2)]
    [InlineData(3, 5)]
    public void Layers_that_the_model_has_not_are_refused(int start, int end)
    {
        var config = RandomModel.Llama();
        using var weights = RandomModel.Weights(config);
        using var backend = new ReferenceBackend();
        Assert.Throws<ArgumentException>(() => StageModel.Load(config, weights, new LayerRange(start, end), backend, Options));
    }

    [Fact]
    public void A_stage_asks_only_for_the_weights_of_its_own_layers()
    {
        var config = RandomModel.Llama();
        using var all = RandomModel.Weights(config);
        using var backend = new ReferenceBackend();
        var ranges = LayerRange.Split(config.LayerCount, 3);
        foreach (var range in ranges)
        {
            using var recorder = new RecordingWeights(all);
            using var stage = StageModel.Load(config, recorder, range, backend, Options);
            Assert.Equal(WeightCatalog.OfStage(config, range).Order(ById), recorder.Asked.Order(ById));
            Assert.Equal(recorder.Asked.Count, recorder.Asked.Distinct().Count());
        }
    }

    [Fact]
    public void Tied_embeddings_are_loaded_once()
    {
        var config = RandomModel.Named("llama-tied");
        using var all = RandomModel.Weights(config);
        using var recorder = new RecordingWeights(all);
        using var backend = new ReferenceBackend();
        using var stage = StageModel.Load(config, recorder, new LayerRange(0, config.LayerCount), backend, Options);
        Assert.Single(recorder.Asked, id => id.Role is WeightRole.TokenEmbedding or WeightRole.Output);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void Weights_that_are_not_finite_are_named(float value)
    {
        var config = RandomModel.Llama();
        using var weights = RandomModel.Weights(config);
        weights.Replace(new WeightId(WeightRole.Gate, 2), 5 * 48 + 47, value);
        using var backend = new ReferenceBackend();
        var error = Assert.Throws<CheckpointException>(() => StageModel.Load(config, weights, new LayerRange(0, 4), backend, Options));
        Assert.Contains("layer 2 Gate", error.Message, StringComparison.Ordinal);
        Assert.Contains("[5, 47]", error.Message, StringComparison.Ordinal);

        using var trusting = StageModel.Load(config, weights, new LayerRange(0, 4), backend, Options with { ValidateWeights = false });
        using var otherLayers = StageModel.Load(config, weights, new LayerRange(3, 4), backend, Options);
    }

    [Theory]
    [InlineData(DataType.Float32)]
    [InlineData(DataType.BFloat16)]
    [InlineData(DataType.Float16)]
    public unsafe void A_single_infinity_is_found_wherever_it_lies(DataType type)
    {
        for (var element = 0; element < 41; element++)
        {
            using var weights = new MemoryWeights();
            var values = Enumerable.Range(0, 41).Select(i => i == element ? float.PositiveInfinity : i * 1000f).ToArray();
            weights.Add(new WeightId(WeightRole.FinalNorm), type, 1, 41, values);
            var error = Assert.Throws<CheckpointException>(() => NonFiniteScan.Require(new WeightId(WeightRole.FinalNorm), weights.Get(new WeightId(WeightRole.FinalNorm))));
            Assert.Contains($"[0, {element}]", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_weight_of_another_shape_is_refused()
    {
        var config = RandomModel.Llama();
        using var weights = RandomModel.Weights(config);
        using var backend = new ReferenceBackend();
        var wider = config with { VocabularySize = 68 };
        var error = Assert.Throws<CheckpointException>(() => StageModel.Load(wider, weights, new LayerRange(0, 4), backend, Options));
        Assert.Contains("[67, 48]; expected [68, 48]", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_step_that_does_not_fit_is_refused()
    {
        using var loaded = new LoadedStage(new LayerRange(0, 4));
        var batch = new StepBatch();
        batch.AddSegment(new int[33], 0, [0, 1, 2], 0, -1);
        Assert.Throws<ArgumentException>(() => loaded.Stage.Step(batch, loaded.Hidden));
        Assert.Throws<ArgumentException>(() => loaded.Stage.Step(batch, loaded.Hidden.Top(32)));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(67)]
    public void Tokens_outside_the_vocabulary_are_refused(int token)
    {
        using var loaded = new LoadedStage(new LayerRange(0, 4));
        var batch = new StepBatch();
        batch.AddSegment([token], 0, [0], 0, -1);
        Assert.Throws<ArgumentException>(() => loaded.Stage.Step(batch, loaded.Hidden.Top(1)));
    }

    [Fact]
    public void Only_the_last_stage_has_logits()
    {
        using var loaded = new LoadedStage(new LayerRange(0, 3));
        Assert.Throws<InvalidOperationException>(() => Count(loaded.Stage.Logits(new StepBatch(), loaded.Hidden)));
    }

    [Fact]
    public void A_step_without_logit_rows_has_no_blocks()
    {
        using var loaded = new LoadedStage(new LayerRange(0, 4));
        Assert.Equal(0, Count(loaded.Stage.Logits(new StepBatch(), loaded.Hidden)));
    }

    private static Comparer<WeightId> ById => Comparer<WeightId>.Create((a, b) => (a.Layer, a.Role).CompareTo((b.Layer, b.Role)));

    private static int Count(LogitBlocks blocks)
    {
        var count = 0;
        foreach (var _ in blocks)
        {
            count++;
        }

        return count;
    }

    private sealed class LoadedStage : IDisposable
    {
        private readonly ReferenceBackend _backend = new();
        private readonly MemoryWeights _weights = RandomModel.Weights(RandomModel.Llama());

        public LoadedStage(LayerRange range)
        {
            Stage = StageModel.Load(RandomModel.Llama(), _weights, range, _backend, Options);
            Hidden = Stage.AllocateHidden(33);
        }

        public StageModel Stage { get; }

        public Matrix Hidden { get; }

        public void Dispose()
        {
            Stage.Dispose();
            Hidden.Buffer.Dispose();
            _weights.Dispose();
            _backend.Dispose();
        }
    }

    private sealed class RecordingWeights(IWeights inner) : IWeights
    {
        public List<WeightId> Asked { get; } = [];

        public long TotalBytes => inner.TotalBytes;

        public HostTensor Get(WeightId id)
        {
            Asked.Add(id);
            return inner.Get(id);
        }

        public void Dispose()
        {
        }
    }
}
