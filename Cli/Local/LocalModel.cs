using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Runtime.Stages;
using OrleansLM.Engine.Text;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Cli.Local;

/// <summary>A model in this process: opened first, so that a prompt can be counted, then loaded with as much state as that takes.</summary>
internal sealed class LocalModel : IDisposable
{
    private readonly Checkpoint _checkpoint;
    private bool _loaded;

    private LocalModel(Checkpoint checkpoint, ModelTokenizer tokenizer)
    {
        _checkpoint = checkpoint;
        Tokenizer = tokenizer;
    }

    public ModelTokenizer Tokenizer { get; }

    public ModelConfig Config => _checkpoint.Config;

    public string Name => _checkpoint.Name;

    /// <exception cref="CheckpointException">The folder cannot be used; the message says why.</exception>
    public static LocalModel Open(string directory)
    {
        var checkpoint = Checkpoint.Open(directory);
        try
        {
            return new LocalModel(checkpoint, ModelTokenizers.Open(directory));
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    /// <summary>Ids of a text, with the model's BOS in front if wanted.</summary>
    /// <exception cref="CheckpointException">BOS is wanted and the model has none.</exception>
    public int[] Encode(string text, bool bos) => bos && Tokenizer.BosTokenId < 0
        ? throw new CheckpointException("the tokenizer has no beginning-of-sequence token; use --no-bos")
        : Tokenizer.Encode(text, bos);

    /// <summary>Loads the weights.</summary>
    /// <param name="options">Stages, backend, threads.</param>
    /// <param name="tokens">Length of the longest sequence; one at a time.</param>
    /// <param name="remote">Stages in other processes; null: all are here.</param>
    public InferenceEngine Load(EngineOptions options, long tokens, RemoteStages? remote)
    {
        var units = Config.Family == ModelFamily.Supra ? 2 : (tokens + options.PageTokens - 1) / options.PageTokens + 2;
        var engine = InferenceEngine.Load(_checkpoint, Tokenizer, options with { StateBytes = InferenceEngine.StateUnitBytes(Config, options) * units }, TimeProvider.System, meters: null, remote);
        _loaded = true;
        return engine;
    }

    public void Dispose()
    {
        if (!_loaded)
        {
            _checkpoint.Dispose();
        }
    }
}
