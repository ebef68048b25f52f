using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Tensors;
using OrleansLM.Engine.Text;

namespace OrleansLM.Silo.Tests.Doubles;

/// <summary>
/// An engine without a model: the next token is a hash of all tokens before it and the seed, so any token lost, repeated or changed shows in all that
/// follow. Tokens come when the test lets them (<see cref="Allow"/>), or freely.
/// </summary>
internal sealed class FakeEngine : IInferenceEngine
{
    private static readonly ModelTokenizer s_tokenizer = ModelTokenizers.Open(Repository.TinyModel);
    private long _sequences;

    public FakeEngine(bool isPaced = false, int contextTokens = 4096, string fingerprint = "fake-1", bool isRecurrent = false)
    {
        IsPaced = isPaced;
        Config = new ModelConfig
        {
            Family = isRecurrent ? ModelFamily.Supra : ModelFamily.Mistral,
            HiddenSize = 64,
            IntermediateSize = 128,
            LayerCount = 2,
            HeadCount = 4,
            KeyValueHeadCount = 2,
            HeadDim = 16,
            VocabularySize = s_tokenizer.VocabularySize,
            NormEpsilon = 1e-5f,
            Rope = new RopeConfig(),
            ContextLength = contextTokens,
        };
        Description = new EngineDescription
        {
            ModelName = "fake",
            Fingerprint = fingerprint,
            ParameterCount = 1,
            WeightBytes = 2,
            Stages = [new LayerRange(0, 2)],
            Backend = "fake",
            BackendKind = "fake",
            StateBytesPerToken = 4,
            StateBytesPerSequence = 0,
            StateType = DataType.Float32,
            PageTokens = 16,
            PageCount = 1000,
        };
    }

    public bool IsPaced { get; }

    public ModelConfig Config { get; }

    public ModelTokenizer Tokenizer => s_tokenizer;

    public EngineDescription Description { get; }

    /// <summary>When set, a turn fails with it before its token of this index.</summary>
    public (int AtToken, EngineException Failure)? Fault { get; set; }

    /// <summary>When set, a submission fails with it.</summary>
    public EngineException? Refusal { get; set; }

    /// <summary>Sequences that exist.</summary>
    public int LiveSequences;

    /// <summary>Tokens that were computed, over all turns.</summary>
    public int ComputedTokens;

    internal SemaphoreSlim Pace { get; } = new(0);

    /// <summary>Lets so many more tokens come.</summary>
    public void Allow(int tokens)
    {
        if (tokens > 0)
        {
            Pace.Release(tokens);
        }
    }

    public EngineStatus GetStatus() => default;

    public IEngineSequence CreateSequence(ReadOnlySpan<int> tokens)
    {
        Interlocked.Increment(ref LiveSequences);
        return new FakeSequence(this, new SequenceId(Interlocked.Increment(ref _sequences)), tokens.ToArray(), computed: 0);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>The token that follows. One in eight is a byte, so that characters fall apart.</summary>
    public static int Next(IReadOnlyList<int> tokens, ulong seed)
    {
        var hash = 14695981039346656037UL ^ seed;
        foreach (var token in tokens)
        {
            hash = (hash ^ (uint)token) * 1099511628211UL;
        }

        hash ^= hash >> 29;
        return hash % 8 == 0 ? 3 + (int)(hash / 8 % 256) : 259 + (int)(hash / 8 % 3800);
    }

    /// <summary>What a turn over <paramref name="context"/> generates.</summary>
    public static int[] Generate(IEnumerable<int> context, ulong seed, int count)
    {
        var tokens = context.ToList();
        var start = tokens.Count;
        for (var i = 0; i < count; i++)
        {
            tokens.Add(Next(tokens, seed));
        }

        return [.. tokens.Skip(start)];
    }
}
