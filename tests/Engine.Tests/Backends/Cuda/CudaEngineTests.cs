using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Sampling;
using OrleansLM.Engine.Tests.Runtime;

namespace OrleansLM.Engine.Tests.Backends.Cuda;

/// <summary>Whole engines on GPUs: the same ids and log-probabilities however stages and devices are dealt out, alone and among others.</summary>
public sealed class CudaEngineTests
{
    private static readonly SamplingParameters Seeded = new() { Temperature = 0.8f, TopP = 0.95f, Seed = 7, LogProbs = 2 };

    [CudaTheory]
    [InlineData("tiny-yarn-mistral-128k")]
    [InlineData("tiny-supra")]
    public async Task Stages_on_one_device_give_the_same_ids(string model) =>
        Assert.Equal(await GenerateAsync(model, Options([0], 1)), await GenerateAsync(model, Options([0], 3)));

    [CudaTheory(devices: 2)]
    [InlineData("tiny-yarn-mistral-128k")]
    [InlineData("tiny-supra")]
    public async Task Two_devices_give_the_ids_of_one(string model)
    {
        Assert.Equal(await GenerateAsync(model, Options([0], 1)), await GenerateAsync(model, Options([0, 1], 2)));
        Assert.Equal(await GenerateAsync(model, Options([1], 1)), await GenerateAsync(model, Options([1, 0], 4)));
    }

    [CudaFact]
    public async Task Many_sessions_of_mixed_length_leave_no_memory_behind()
    {
        await using var engine = TinyEngine.Load("tiny-yarn-mistral-128k", Options([0], 1));
        await RoundAsync(engine);
        var used = engine.GetStatus().PagesUsed;
        await RoundAsync(engine);
        Assert.Equal(used, engine.GetStatus().PagesUsed);
    }

    private static EngineOptions Options(int[] devices, int stages) => new() { Backend = "cuda", Devices = devices, Stages = stages, StateBytes = 256L << 20 };

    private static async Task<List<(int Id, float LogProb)>> GenerateAsync(string model, EngineOptions options)
    {
        await using var engine = TinyEngine.Load(model, options);
        var turns = Enumerable.Range(0, 6).Select(i => TinyEngine.GenerateAsync(
            engine.CreateSequence([]), [.. Enumerable.Range(0, 40 + 150 * i).Select(t => 5 + t * 37 % 4000)], 40, Seeded with { Seed = (ulong)i })).ToArray();
        return [.. (await Task.WhenAll(turns)).SelectMany(TinyEngine.Bits)];
    }

    private static async Task RoundAsync(InferenceEngine engine)
    {
        var sequences = Enumerable.Range(0, 24).Select(_ => engine.CreateSequence([])).ToArray();
        var turns = sequences.Select((sequence, i) => TinyEngine.GenerateAsync(sequence, [.. Enumerable.Range(0, 20 + 60 * i).Select(t => 5 + t * 37 % 4000)], 20, Seeded));
        await Task.WhenAll(turns);
        foreach (var sequence in sequences)
        {
            await sequence.DisposeAsync();
        }
    }
}
