using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.State;
using OrleansLM.Engine.Tensors;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Engine.Models;

/// <summary>
/// The layers [start, end) of a model on one backend, with their weights, their slice of every sequence's state and their workspace. The stage that
/// holds layer 0 embeds the tokens; the one that holds the last layer ends with norm and head. A step allocates nothing.
/// </summary>
public sealed class StageModel : IStepBody, IDisposable
{
    private readonly StageWeights _weights;
    private readonly StageWorkspace _workspace;
    private readonly DecoderBlock[] _blocks;
    private readonly Weight? _embedding;
    private readonly OutputHead? _head;

    private StageModel(ModelConfig config, LayerRange layers, IBackend backend, StageOptions options, StageWeights weights, StageState state)
    {
        Config = config;
        Layers = layers;
        Backend = backend;
        Options = options;
        State = state;
        _weights = weights;
        _embedding = IsFirst ? weights.Load(WeightRole.TokenEmbedding, config.VocabularySize, config.HiddenSize) : null;
        _blocks = LoadBlocks();
        _head = IsLast ? new OutputHead(config, weights) : null;
        _workspace = new StageWorkspace(config, backend, options, IsLast);
    }

    public ModelConfig Config { get; }

    public LayerRange Layers { get; }

    public IBackend Backend { get; }

    public StageState State { get; }

    public bool IsFirst => Layers.Start == 0;

    public bool IsLast => Layers.End == Config.LayerCount;

    /// <summary>Rows of a step at most.</summary>
    public int MaxRows => Options.MaxRows;

    /// <summary>Rows of a <see cref="LogitBlock"/> at most.</summary>
    public int MaxLogitRows => Options.MaxLogitRows;

    /// <summary>Activations, without weights and state.</summary>
    public long WorkspaceBytes => _workspace.SizeInBytes;

    private StageOptions Options { get; }

    /// <summary>Loads a stage: only the weights of its own layers are touched.</summary>
    /// <exception cref="CheckpointException">A weight is missing, of another shape or not finite.</exception>
    /// <exception cref="OutOfMemoryException">The device has not that much memory. Nothing stays loaded.</exception>
    public static StageModel Load(ModelConfig config, IWeights weights, LayerRange layers, IBackend backend, StageOptions options)
    {
        RequireRange(config, layers);
        var validate = options.ValidateWeights ?? weights.TotalBytes * layers.Count / config.LayerCount <= StageOptions.ValidatedBytes;
        var loaded = new StageWeights(weights, backend, validate);
        StageState? state = null;
        try
        {
            state = new StageState(backend, Spec(config, backend, options), layers.Count, options.StateUnits);
            return new StageModel(config, layers, backend, options, loaded, state);
        }
        catch
        {
            state?.Dispose();
            loaded.Dispose();
            throw;
        }
    }

    /// <summary>Memory for the residual stream [rows, C] of a step; stages on one backend may pass the same one on. The caller disposes its buffer.</summary>
    public Matrix AllocateHidden(int rows)
        => new(Backend.Allocate(DataType.Float32, (long)rows * Config.HiddenSize), rows, Config.HiddenSize);

    /// <summary>
    /// Runs the layers of this stage over a batch: makes its state copies, embeds if this is the first stage, and updates the residual stream in place.
    /// </summary>
    /// <param name="batch">The rows; the same for every stage.</param>
    /// <param name="hidden">[T, C]: what the stage before left, and what the next one takes. The first stage only writes it.</param>
    public void Step(StepBatch batch, Matrix hidden)
    {
        // step 6: this stage's layers.
        RequireRows(batch, hidden);
        State.Apply(batch.Copies);
        if (batch.RowCount == 0)
        {
            return;
        }

        Backend.RunLayers(this, batch, hidden);
    }

    void IStepBody.RunLayers(StepBatch batch, Matrix hidden)
    {
        if (_embedding is not null)
        {
            Backend.Embed(batch.Tokens, _embedding, hidden);
        }

        foreach (var block in _blocks)
        {
            block.Run(Backend, batch, _workspace, hidden);
        }
    }

    void IStepBody.RunHead(StepBatch batch, Matrix hidden, int first, int count) => _head!.Run(Backend, _workspace, batch, hidden, first, count);

    /// <summary>The last stage's answer to <see cref="StepBatch.LogitRows"/>, after <see cref="Step"/> with the same arguments.</summary>
    /// <exception cref="InvalidOperationException">This is not the last stage.</exception>
    public LogitBlocks Logits(StepBatch batch, Matrix hidden) => _head is not null
        ? new LogitBlocks(this, batch, hidden)
        : throw new InvalidOperationException($"the stage of layers {Layers} has no head: the model has {Config.LayerCount} layers");

    public void Dispose()
    {
        _workspace.Dispose();
        State.Dispose();
        _weights.Dispose();
    }

    /// <summary>Logits [count, V] of entries [first, first + count) of the batch's logit rows.</summary>
    internal Matrix RunHead(StepBatch batch, Matrix hidden, int first, int count)
    {
        Backend.RunHead(this, batch, hidden, first, count);
        return _workspace.Logits.Top(count);
    }

    private static LayerStateSpec Spec(ModelConfig config, IBackend backend, StageOptions options)
        => LayerStateSpec.For(config, options.PageTokens, options.StateType, options.StateChunkTokens ?? backend.StateChunkTokens, backend.ActivationType);

    private DecoderBlock[] LoadBlocks()
    {
        var rope = RopeTables.Build(Config.Rope, Config.HeadDim, Config.ContextLength);
        var decay = Config.Supra is { } supra ? DecayTables.Build(supra, Config.HeadCount) : [];
        var blocks = new DecoderBlock[Layers.Count];
        for (var i = 0; i < blocks.Length; i++)
        {
            var layer = Layers.Start + i;
            Mixer mixer = Config.Family == ModelFamily.Supra
                ? new RecurrentMixer(Config, _weights, layer, State.Recurrent(i), rope, decay)
                : new SoftmaxMixer(Config, _weights, layer, State.KeyValues(i), rope);
            blocks[i] = new DecoderBlock(Config, _weights, layer, mixer);
        }

        return blocks;
    }

    private void RequireRows(StepBatch batch, Matrix hidden)
    {
        if (batch.RowCount > MaxRows || hidden.Rows != batch.RowCount || hidden.Columns != Config.HiddenSize)
        {
            throw new ArgumentException(
                $"a step of {batch.RowCount} rows with a [{hidden.Rows}, {hidden.Columns}] residual stream; expected at most {MaxRows} rows and [rows, {Config.HiddenSize}]");
        }
    }

    private static void RequireRange(ModelConfig config, LayerRange layers)
    {
        if (layers.Start < 0 || layers.Count < 1 || layers.End > config.LayerCount)
        {
            throw new ArgumentException($"layers {layers} of a model with {config.LayerCount}; expected a range with at least one layer within [0, {config.LayerCount})");
        }
    }
}
