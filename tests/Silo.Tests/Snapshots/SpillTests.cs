using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Text;
using OrleansLM.Engine.Weights;
using OrleansLM.Silo.Snapshots;
using OrleansLM.Silo.Tests.Doubles;

namespace OrleansLM.Silo.Tests.Snapshots;

/// <summary>A full engine: sessions that lie idle go to sleep instead of losing their state, and wake in the place of others.</summary>
public sealed class SpillTests
{
    private const int Prompt = 200;

    [Theory]
    [InlineData("tiny-yarn-mistral-128k")]
    [InlineData("tiny-supra")]
    public async Task Sessions_that_do_not_fit_together_sleep_and_wake_in_turns_and_compute_nothing_again(string model)
    {
        await using var engine = Load(model);
        await using var roomy = Load(model, 64);
        await using var silo = await StartAsync(engine);
        await using var plain = await StartAsync(roomy);
        string[] names = ["a", "b", "c", "d"];
        foreach (var (name, seed) in names.Select((name, i) => (name, i)))
        {
            await BeginAsync(silo, name, seed);
            await BeginAsync(plain, name, seed);
        }

        for (var round = 0; round < 2; round++)
        {
            foreach (var name in names)
            {
                var expected = await plain.Owner(name).RunAsync(SessionCalls.Command([99], maxTokens: 6));
                var found = await silo.Owner(name).RunAsync(SessionCalls.Command([99], maxTokens: 6));
                Assert.Equal(expected.Ids(), found.Ids());
                Assert.Equal(2, found[^1].Finished!.PrefilledTokens);
            }
        }

        Assert.Empty(plain.SnapshotFiles);
        Assert.NotEmpty(silo.SnapshotFiles);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Where_nothing_can_be_saved_the_state_is_computed_again(bool full)
    {
        await using var engine = Load("tiny-supra");
        await using var silo = await StartAsync(engine, quota: full ? 1L << 30 : 1000);
        silo.Store.IsFull = full;
        foreach (var (name, seed) in new[] { ("a", 0), ("b", 1), ("c", 2) })
        {
            await BeginAsync(silo, name, seed);
        }

        var found = await silo.Owner("a").RunAsync(SessionCalls.Command([99], maxTokens: 6));
        Assert.Equal(Prompt + 8 + 1, found[^1].Finished!.PrefilledTokens);
        Assert.Empty(silo.SnapshotFiles);
    }

    private static async Task BeginAsync(SiloHarness silo, string name, int seed)
    {
        var session = await silo.CreateAsync(name);
        await session.RunAsync(SessionCalls.Command([1, .. Enumerable.Range(1, Prompt - 1).Select(i => 300 + i * 13 % 700 + seed)]));
    }

    /// <summary>Room for so many sessions of up to 255 tokens: 5 pages of 64 (the last to grow into), or one recurrent state.</summary>
    private static InferenceEngine Load(string model, int sessions = 2)
    {
        var folder = Path.Combine(Path.GetDirectoryName(Repository.TinyModel)!, model);
        var units = model == "tiny-supra" ? sessions : 5 * sessions;
        var checkpoint = Checkpoint.Open(folder);
        var options = new EngineOptions
        {
            Threads = 1,
            StateBytes = units * InferenceEngine.StateUnitBytes(checkpoint.Config, new EngineOptions()),
            MaxCheckpoints = 0,
            SaveTimeout = TimeSpan.FromHours(1),
            AdmissionTimeout = TimeSpan.FromHours(1),
        };
        var engine = InferenceEngine.Load(checkpoint, ModelTokenizers.Open(folder), options, TimeProvider.System);
        Assert.Equal(units, engine.Description.PageCount);
        return engine;
    }

    private static Task<SiloHarness> StartAsync(InferenceEngine engine, long quota = 1L << 30) =>
        SiloHarness.StartAsync(engine, snapshots: new SnapshotOptions { QuotaBytes = quota });
}
