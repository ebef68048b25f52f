using System.Diagnostics.Metrics;
using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Runtime.Diagnostics;
using OrleansLM.Engine.Runtime.Loop;
using OrleansLM.Engine.Runtime.Turns;
using OrleansLM.Engine.Sampling;
using OrleansLM.Engine.State;
using OrleansLM.Engine.Text;

namespace OrleansLM.Engine.Tests.Runtime;

/// <summary>An engine loop over <see cref="HashModel"/> whose rounds the test calls itself, on its own thread.</summary>
internal sealed class LoopRig : IDisposable
{
    public const int Vocabulary = 512;

    private static readonly Lazy<ModelTokenizer> TinyTokenizer = new(() => ModelTokenizers.Open(TestFiles.Model("tiny-yarn-mistral-128k")));

    private readonly EngineInstruments _instruments;

    public LoopRig(
        int pages = 100, int pageTokens = 16, int budget = 64, int running = 8, int waiting = 16, int context = 400, int? window = null,
        bool recurrent = false, int buffer = 4096, TimeSpan? admissionTimeout = null, TimeProvider? time = null, bool records = true, int eos = 2,
        IMeterFactory? meters = null, int checkpoints = 4, int depth = 1, bool prefixes = true, bool follows = false)
    {
        Config = NewConfig(context, window, recurrent) with { EosTokenIds = [eos] };
        Chain = new HashChain(Config, pages, pageTokens, budget, depth, follows) { Records = records };
        Pool = new PagePool(pages, prefixes && !recurrent);
        var counters = new EngineCounters();
        _instruments = new EngineInstruments(meters, "hash", counters, pages);
        var options = new EngineOptions
        {
            PageTokens = pageTokens,
            MaxStepTokens = budget,
            MaxRunningTurns = running,
            MaxWaitingTurns = waiting,
            OutputBuffer = buffer,
            CheckpointTokens = 16,
            MaxCheckpoints = checkpoints,
            AdmissionTimeout = admissionTimeout ?? TimeSpan.FromHours(1),
        };
        Loop = new EngineLoop(
            new EngineParts
            {
                ModelName = "hash",
                Config = Config,
                Tokenizer = Tokenizer,
                Options = options,
                Chain = Chain,
                Pool = Pool,
                Time = time ?? TimeProvider.System,
            },
            _instruments, counters);
    }

    public static ModelTokenizer Tokenizer => TinyTokenizer.Value;

    public ModelConfig Config { get; }

    public HashChain Chain { get; }

    public PagePool Pool { get; }

    public EngineLoop Loop { get; }

    public EngineSequence Create(params int[] tokens) => Loop.NewSequence(tokens);

    public static TurnRequest Request(int[] tokens, int max, SamplingParameters? sampling = null) => new()
    {
        Tokens = tokens,
        Sampling = sampling ?? SamplingParameters.Greedy,
        Stop = new StopConditions { MaxNewTokens = max, IgnoreEos = true },
    };

    public void RunUntilIdle()
    {
        for (var rounds = 0; Loop.RunOnce() || Chain.UnderWay > 0; rounds++)
        {
            Chain.Finish(1);
            Assert.True(rounds < 100_000, "the loop does not come to rest");
        }
    }

    /// <summary>Carries out what was asked, then gives its result.</summary>
    public T Done<T>(ValueTask<T> task)
    {
        Loop.Commands.Drain();
        return task.AsTask().GetAwaiter().GetResult();
    }

    public void Done(ValueTask task)
    {
        Loop.Commands.Drain();
        task.AsTask().GetAwaiter().GetResult();
    }

    /// <summary>Ids that the model generates after <paramref name="tokens"/>, from the definition.</summary>
    public int[] Expected(ReadOnlySpan<int> tokens, int max, SamplingParameters? sampling = null)
    {
        var plan = SamplingPlan.Create(sampling ?? SamplingParameters.Greedy, Vocabulary);
        var counts = plan.NewCounts(tokens);
        var sampler = new Sampler(Vocabulary);
        var all = new List<int>(tokens.ToArray());
        var logits = new float[Vocabulary];
        for (var i = 0; i < max; i++)
        {
            HashModel.Logits(HashModel.HashOf(all.ToArray(), Config.SlidingWindow), logits);
            all.Add(sampler.Sample(logits, plan, counts, all.Count).Token.TokenId);
            counts?.AddGenerated(all[^1]);
        }

        return [.. all.Skip(tokens.Length)];
    }

    public static List<TurnOutput> Read(IEngineTurn turn)
    {
        var outputs = new List<TurnOutput>();
        while (turn.Output.TryRead(out var output))
        {
            outputs.Add(output);
        }

        return outputs;
    }

    public static int[] Ids(IEnumerable<TurnOutput> outputs) => [.. outputs.Where(output => output.Kind == TurnOutputKind.Token).Select(output => output.Token.TokenId)];

    public static EngineException Error(IEngineTurn turn)
    {
        Read(turn);
        Assert.True(turn.Output.Completion.IsFaulted, "the turn did not fail");
        return Assert.IsType<EngineException>(turn.Output.Completion.Exception!.InnerException);
    }

    /// <summary>Tokens that neither fail nor end anything.</summary>
    public static int[] Tokens(int count, int seed = 1) => [.. Enumerable.Range(0, count).Select(i => 20 + (int)((uint)(i * 7919 + seed * 104729) % 400))];

    public void Dispose()
    {
        Loop.Dispose();
        _instruments.Dispose();
    }

    public static ModelConfig NewConfig(int context, int? window, bool recurrent) => new()
    {
        Family = recurrent ? ModelFamily.Supra : ModelFamily.Mistral,
        HiddenSize = 8,
        IntermediateSize = 8,
        LayerCount = 1,
        HeadCount = 1,
        KeyValueHeadCount = 1,
        HeadDim = 8,
        VocabularySize = Vocabulary,
        NormEpsilon = 1e-5f,
        Rope = new RopeConfig(),
        SlidingWindow = window,
        ContextLength = context,
        Supra = recurrent ? new SupraConfig { Decay = SupraDecay.None } : null,
    };
}
