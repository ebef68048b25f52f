using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Runtime.Diagnostics;
using OrleansLM.Engine.Runtime.Loop;
using OrleansLM.Engine.Runtime.Stages;
using OrleansLM.Engine.Sampling;
using OrleansLM.Engine.State;
using OrleansLM.Engine.Tensors;
using OrleansLM.Engine.Tests.Models;
using OrleansLM.Engine.Tests.Runtime;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Engine.Tests.Backends.Cuda;

/// <summary>Engines whose device chooses the tokens and goes on before they are known here.</summary>
public sealed class CudaChoicesTests
{
    private static readonly SamplingParameters[] Ways =
    [
        SamplingParameters.Greedy,
        new() { Temperature = 0.9f, Seed = 1, LogProbs = 3 },
        new() { Temperature = 1.2f, TopP = 0.9f, TopK = 50, Seed = 2 },
        new() { Temperature = 0.8f, RepetitionPenalty = 1.2f, FrequencyPenalty = 0.4f, PresencePenalty = 0.2f, Seed = 3 },
        new() { RepetitionPenalty = 1.3f, LogProbs = 0 },
        new() { Temperature = 1, MinP = 0.05f, Seed = 4, LogitBias = Enumerable.Range(20, 60).ToDictionary(id => id, _ => -100f) },
    ];

    [CudaTheory]
    [InlineData(TinyEngine.Yarn)]
    [InlineData(TinyEngine.Supra)]
    public async Task Ids_and_log_probabilities_are_those_of_the_hosts_sampler(string model)
    {
        var prompts = Enumerable.Range(0, Ways.Length).Select(i => (int[])[.. Enumerable.Range(0, 30 + 70 * i).Select(t => 5 + (t * 37 + i) % 4000)]).ToArray();
        var options = new EngineOptions { Backend = "cuda", StateBytes = 256L << 20 };
        List<TurnOutput>[] found;
        await using (var engine = TinyEngine.Load(model, options))
        {
            found = await Task.WhenAll(prompts.Select((prompt, i) => TinyEngine.GenerateAsync(engine.CreateSequence([]), prompt, 48, Ways[i])));
        }

        for (var i = 0; i < Ways.Length; i++)
        {
            Assert.Equal(OfHost(model, prompts[i], Ways[i], 48), TinyEngine.Bits(found[i]));
        }
    }

    [CudaFact]
    public async Task Log_probabilities_of_a_prompt_are_the_hosts()
    {
        int[] prompt = [.. Enumerable.Range(0, 300).Select(t => 5 + t * 37 % 4000)];
        await using var engine = TinyEngine.Load(TinyEngine.Yarn, new EngineOptions { Backend = "cuda", StateBytes = 256L << 20 });
        var outputs = await TinyEngine.ReadAsync(engine.CreateSequence([]).Submit(LoopRig.Request(prompt, 0) with { PromptLogProbs = 2 }));
        using var checkpoint = Checkpoint.Open(TestFiles.Model(TinyEngine.Yarn));
        using var pipeline = new TestPipeline(checkpoint.Config, checkpoint.Weights, new TestSetup("cuda") { StateType = DataType.BFloat16 });
        var logits = pipeline.Prefill(pipeline.NewSequence(), prompt, 300);
        var sampler = new Sampler(checkpoint.Config.VocabularySize);
        var scored = outputs.Where(output => output.Kind == TurnOutputKind.PromptLogProb).ToArray();
        Assert.Equal(299, scored.Length);
        foreach (var output in scored)
        {
            var expected = sampler.Score(logits[output.Position - 1], prompt[output.Position], 2, output.Position);
            Assert.Equal(expected.Token, output.Token);
            Assert.Equal(expected.Top, output.Top);
        }
    }

    [CudaTheory]
    [InlineData(TinyEngine.Yarn, 1)]
    [InlineData(TinyEngine.Yarn, 6)]
    [InlineData(TinyEngine.Supra, 3)]
    public void A_decode_step_allocates_nothing_and_is_followed(string model, int batch)
    {
        using var checkpoint = Checkpoint.Open(TestFiles.Model(model));
        var options = new EngineOptions { Backend = "cuda", StateBytes = 64L << 20, OutputBuffer = 4096 };
        using var chain = new CountingChain(DeviceStageChain.Load(checkpoint, options, out var plan));
        var parts = new EngineParts
        {
            ModelName = checkpoint.Name,
            Config = checkpoint.Config,
            Tokenizer = LoopRig.Tokenizer,
            Options = options,
            Chain = chain,
            Pool = new PagePool(plan.Units, keepsPrefixes: checkpoint.Config.Family != ModelFamily.Supra),
            Time = TimeProvider.System,
        };
        var counters = new EngineCounters();
        using var instruments = new EngineInstruments(null, model, counters, parts.Pool.PageCount);
        using var loop = new EngineLoop(parts, instruments, counters);
        // Bytes, which become characters, are left out: a text that is put together is a new string.
        var greedy = new SamplingParameters { LogitBias = Enumerable.Range(0, 300).ToDictionary(id => id, _ => -100f) };
        var seeded = greedy with { Temperature = 0.8f, TopP = 0.9f, RepetitionPenalty = 1.1f };
        // Tables grow by doubling: the prompt is so long and of so many ids that none has to between here and 512 tokens.
        int[] prompt = [.. Enumerable.Range(0, 300).Select(i => 400 + i)];
        var turns = Enumerable.Range(0, batch).Select(i => loop.NewSequence([1, 900 + i]).Submit(LoopRig.Request(prompt, 700, i % 2 == 0 ? greedy : seeded))).ToArray();
        Steps(loop, turns, 60);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var followed = chain.Followers;
        Steps(loop, turns, 100);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(batch, counters.Running);
        Assert.InRange(chain.Followers - followed, 95, 100);
        foreach (var turn in turns)
        {
            turn.Cancel();
        }

        Steps(loop, turns, 2);
    }

    private static void Steps(EngineLoop loop, IEngineTurn[] turns, int count)
    {
        for (var step = 0; step < count; step++)
        {
            loop.RunOnce();
            foreach (var turn in turns)
            {
                while (turn.Output.TryRead(out _))
                {
                }
            }
        }
    }

    private static List<(int Id, float LogProb)> OfHost(string model, int[] prompt, SamplingParameters sampling, int max)
    {
        using var checkpoint = Checkpoint.Open(TestFiles.Model(model));
        using var pipeline = new TestPipeline(checkpoint.Config, checkpoint.Weights, new TestSetup("cuda") { StateType = DataType.BFloat16 });
        var sequence = pipeline.NewSequence();
        var plan = SamplingPlan.Create(sampling, checkpoint.Config.VocabularySize);
        var sampler = new Sampler(checkpoint.Config.VocabularySize);
        var counts = plan.NewCounts(prompt);
        var logits = pipeline.Prefill(sequence, prompt, 512)[^1];
        var found = new List<(int Id, float LogProb)>();
        while (true)
        {
            var token = sampler.Sample(logits, plan, counts, prompt.Length + found.Count).Token;
            found.Add((token.TokenId, token.LogProb));
            if (found.Count == max)
            {
                return found;
            }

            counts?.AddGenerated(token.TokenId);
            logits = pipeline.Step((sequence, [token.TokenId]))[0][0];
        }
    }
}
