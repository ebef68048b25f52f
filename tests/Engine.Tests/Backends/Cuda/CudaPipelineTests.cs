using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Runtime.Diagnostics;
using OrleansLM.Engine.Runtime.Loop;
using OrleansLM.Engine.Runtime.Stages;
using OrleansLM.Engine.Sampling;
using OrleansLM.Engine.State;
using OrleansLM.Engine.Tests.Runtime;
using OrleansLM.Engine.Tests.Runtime.Stages;
using OrleansLM.Engine.Tests.State.Transfer;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Engine.Tests.Backends.Cuda;

/// <summary>Pipelines of GPUs, in one process and over links. Where one GPU is named several times its streams stand for several.</summary>
public sealed class CudaPipelineTests
{
    private static readonly SamplingParameters[] Ways =
    [
        SamplingParameters.Greedy,
        new() { Temperature = 0.9f, Seed = 1, LogProbs = 3 },
        new() { Temperature = 0.8f, RepetitionPenalty = 1.2f, FrequencyPenalty = 0.4f, PresencePenalty = 0.2f, Seed = 3 },
        new() { Temperature = 1, MinP = 0.05f, Seed = 4, LogitBias = Enumerable.Range(20, 60).ToDictionary(id => id, _ => -100f) },
    ];

    [CudaTheory]
    [InlineData(TinyEngine.Yarn, 1, 1)]
    [InlineData(TinyEngine.Yarn, 2, 1)]
    [InlineData(TinyEngine.Yarn, 2, 9)]
    [InlineData(TinyEngine.Yarn, 4, 10)]
    [InlineData(TinyEngine.Supra, 2, 5)]
    [InlineData(TinyEngine.Supra, 3, 1)]
    public void Steps_follow_each_other_over_several_streams_of_a_device(string model, int stages, int turns) => Follows(model, [.. Enumerable.Repeat(0, stages)], turns);

    [CudaTheory(devices: 2)]
    [InlineData(TinyEngine.Yarn, 1)]
    [InlineData(TinyEngine.Yarn, 9)]
    [InlineData(TinyEngine.Supra, 1)]
    [InlineData(TinyEngine.Supra, 6)]
    public void Steps_follow_each_other_over_two_devices(string model, int turns)
    {
        Follows(model, [0, 1], turns);
        Follows(model, [1, 0, 1, 0], turns);
    }

    [CudaTheory]
    [InlineData(TinyEngine.Yarn)]
    [InlineData(TinyEngine.Supra)]
    public Task Stages_elsewhere_on_the_same_device_give_its_ids(string model) => ElsewhereAsync(model, 0);

    [CudaTheory(devices: 2)]
    [InlineData(TinyEngine.Yarn)]
    [InlineData(TinyEngine.Supra)]
    public Task Stages_elsewhere_on_another_device_give_the_ids_of_one(string model) => ElsewhereAsync(model, 1);

    [CudaTheory(devices: 2)]
    [InlineData(TinyEngine.Yarn)]
    [InlineData(TinyEngine.Supra)]
    public async Task State_that_two_devices_computed_goes_on_in_one_and_back(string model)
    {
        var options = new EngineOptions { Backend = "cuda", StateBytes = 64L << 20 };
        await using var one = TinyEngine.Load(model, options);
        await using var two = TinyEngine.Load(model, options with { Devices = [0, 1] });
        var sequence = two.CreateSequence([]);
        await TinyEngine.GenerateAsync(sequence, Prompt(20), 30, Ways[1]);
        var moved = await MoveAsync(sequence, one);
        var back = await MoveAsync(moved, two);
        var expected = TinyEngine.Bits(await TinyEngine.GenerateAsync(sequence, Prompt(3), 30, Ways[2]));
        Assert.Equal(expected, TinyEngine.Bits(await TinyEngine.GenerateAsync(moved, Prompt(3), 30, Ways[2])));
        Assert.Equal(expected, TinyEngine.Bits(await TinyEngine.GenerateAsync(back, Prompt(3), 30, Ways[2])));
    }

    private static async Task<IEngineSequence> MoveAsync(IEngineSequence source, InferenceEngine to)
    {
        var stored = await StoredStates.OfAsync(source);
        var target = to.CreateSequence(source.CopyTokens(0, source.Length));
        Assert.Equal(source.ComputedLength, await target.ImportAsync(await stored.OpenAsync()));
        return target;
    }

    private static async Task ElsewhereAsync(string model, int device)
    {
        var options = new EngineOptions { Backend = "cuda", StateBytes = 64L << 20, MaxStepTokens = 48, CheckpointTokens = 64 };
        await using var one = TinyEngine.Load(model, options);
        foreach (var stages in (int[])[2, 4])
        {
            await using var pipeline = new Pipeline(model, stages, options, stageEngine: options with { Devices = [device] });
            Assert.Equal(await PipelineTests.RunAllAsync(one), await PipelineTests.RunAllAsync(pipeline.Engine));
            Assert.All(pipeline.Stages, stage => Assert.True(Assert.Single(stage.Server.Stages) is { IsConnected: true, Steps: > 20 }));
        }
    }

    private static void Follows(string model, int[] devices, int turns)
    {
        var alone = Run(model, [0], turns, out _);
        var spread = Run(model, devices, turns, out var followers);
        Assert.Equal(alone, spread);
        // 59 decode steps for each turn, alone or together. Where the devices are ahead of this thread a step's tokens are known before the next is begun; but what is begun so is
        // followed at once, unless a prompt is still being computed.
        Assert.True(followers >= 20, $"{followers} steps followed");
    }

    private static List<(int Id, float LogProb)> Run(string model, int[] devices, int turns, out int followers)
    {
        using var checkpoint = Checkpoint.Open(TestFiles.Model(model));
        var options = new EngineOptions { Backend = "cuda", Devices = devices, Stages = devices.Length, StateBytes = 64L << 20, OutputBuffer = 4096 };
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
        var running = Enumerable.Range(0, turns).Select(i => loop.NewSequence([1, 900 + i]).Submit(LoopRig.Request(Prompt(i), 60, Ways[i % Ways.Length]))).ToArray();
        while (counters.OpenTurns > 0)
        {
            if (!loop.RunOnce())
            {
                loop.Commands.Wait();
            }
        }

        followers = chain.Followers;
        return [.. running.SelectMany(turn => TinyEngine.Bits(LoopRig.Read(turn)))];
    }

    private static int[] Prompt(int seed) => [.. Enumerable.Range(0, 30 + 20 * seed).Select(t => 5 + (t * 37 + seed) % 4000)];
}
