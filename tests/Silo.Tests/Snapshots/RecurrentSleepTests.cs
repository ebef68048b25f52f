using OrleansLM.Contracts.Messages;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Text;
using OrleansLM.Engine.Weights;
using OrleansLM.Silo.Snapshots;
using OrleansLM.Silo.Tests.Doubles;

namespace OrleansLM.Silo.Tests.Snapshots;

/// <summary>Sleep over the real engine, for keys and values and for recurrent states: the same ids, and next to nothing computed again.</summary>
public sealed class RecurrentSleepTests
{
    private static readonly int[] s_prompt = [1, .. Enumerable.Range(0, 200).Select(i => 300 + i * 13)];

    [Theory]
    [InlineData("tiny-yarn-mistral-128k")]
    [InlineData("tiny-supra")]
    public async Task A_sleeper_goes_on_with_the_ids_of_one_that_never_slept(string model)
    {
        await using var engine = Load(model);
        await using var silo = await StartAsync(engine);
        await silo.CreateAsync("awake");
        await silo.CreateAsync("a");
        await silo.Owner("awake").RunAsync(SessionCalls.Command(s_prompt));
        var expected = await silo.Owner("awake").RunAsync(SessionCalls.Command([99], maxTokens: 12));
        await silo.Owner("a").RunAsync(SessionCalls.Command(s_prompt));
        var asleep = await silo.Owner("a").SleepAsync(CancellationToken.None);
        Assert.Equal((0, s_prompt.Length + 7), (asleep.ComputedLength, asleep.SnapshotLength));

        var awake = await silo.Owner("a").RunAsync(SessionCalls.Command([99], maxTokens: 12));
        Assert.Equal(expected.Ids(), awake.Ids());
        Assert.Equal(2, awake[^1].Finished!.PrefilledTokens);
    }

    [Fact]
    public async Task A_sleeper_wakes_at_any_place_of_a_chunk()
    {
        await using var engine = Load("tiny-supra");
        await using var silo = await StartAsync(engine);
        for (var length = 33; length <= 40; length++)
        {
            await silo.CreateAsync($"awake{length}");
            await silo.CreateAsync($"a{length}");
            await silo.Owner($"awake{length}").RunAsync(SessionCalls.Command(s_prompt[..length]));
            var expected = await silo.Owner($"awake{length}").RunAsync(SessionCalls.Command([99], maxTokens: 9));
            await silo.Owner($"a{length}").RunAsync(SessionCalls.Command(s_prompt[..length]));
            await silo.Owner($"a{length}").SleepAsync(CancellationToken.None);
            var awake = await silo.Owner($"a{length}").RunAsync(SessionCalls.Command([99], maxTokens: 9));
            Assert.Equal(expected.Ids(), awake.Ids());
            Assert.Equal(2, awake[^1].Finished!.PrefilledTokens);
        }
    }

    [Fact]
    public async Task A_named_checkpoint_keeps_the_state_itself()
    {
        await using var engine = Load("tiny-supra");
        await using var silo = await StartAsync(engine);
        await silo.CreateAsync("plain");
        await silo.CreateAsync("a");
        await silo.Owner("plain").RunAsync(SessionCalls.Command(s_prompt));
        var expected = await silo.Owner("plain").RunAsync(SessionCalls.Command([99], maxTokens: 12));

        await silo.Owner("a").RunAsync(SessionCalls.Command(s_prompt));
        await silo.Owner("a").AddCheckpointAsync("here", null, CancellationToken.None);
        await silo.Owner("a").RunAsync(SessionCalls.Command([.. Enumerable.Range(500, 40)]));
        Assert.Equal(["a@here.state"], silo.SnapshotFiles.Select(Path.GetFileName));

        await using var reborn = await silo.KilledAsync(engine);
        await reborn.Owner("a").RollBackAsync(new RollbackSession { Checkpoint = "here" }, CancellationToken.None);
        var again = await reborn.Owner("a").RunAsync(SessionCalls.Command([99], maxTokens: 12));
        Assert.Equal(expected.Ids(), again.Ids());
        Assert.Equal(2, again[^1].Finished!.PrefilledTokens);

        await reborn.Owner("a").RemoveCheckpointAsync("here", CancellationToken.None);
        Assert.Empty(reborn.SnapshotFiles);
    }

    [Fact]
    public async Task The_newest_checkpoints_are_kept_and_those_rolled_back_go()
    {
        await using var engine = Load("tiny-supra");
        await using var silo = await SiloHarness.StartAsync(engine, snapshots: new SnapshotOptions { KeptCheckpoints = 2 });
        var session = await silo.CreateAsync("a");
        foreach (var name in new[] { "one", "two", "three" })
        {
            await session.RunAsync(SessionCalls.Command(s_prompt[..20], maxTokens: 2));
            await session.AddCheckpointAsync(name, null, CancellationToken.None);
        }

        Assert.Equal(["a@three.state", "a@two.state"], silo.SnapshotFiles.Select(Path.GetFileName));
        await session.RollBackAsync(new RollbackSession { Checkpoint = "two" }, CancellationToken.None);
        Assert.Equal(["a@two.state"], silo.SnapshotFiles.Select(Path.GetFileName));
    }

    private static InferenceEngine Load(string model)
    {
        var folder = Path.Combine(Path.GetDirectoryName(Repository.TinyModel)!, model);
        return InferenceEngine.Load(
            Checkpoint.Open(folder), ModelTokenizers.Open(folder), new EngineOptions { Threads = 1, StateBytes = 32 << 20, CheckpointTokens = 64 }, TimeProvider.System);
    }

    private static Task<SiloHarness> StartAsync(InferenceEngine engine) => SiloHarness.StartAsync(engine, snapshots: new SnapshotOptions());
}
