using OrleansLM.Contracts.Messages;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Text;
using OrleansLM.Engine.Weights;
using OrleansLM.Silo.Snapshots;
using OrleansLM.Silo.Tests.Doubles;

namespace OrleansLM.Silo.Tests.Snapshots;

/// <summary>What long sessions compute is written while they go on, so that whoever takes them over computes the tail alone.</summary>
public sealed class KeepUpTests
{
    private const int PromptTokens = 500;
    private const int NewTokens = 120;
    private const int Turn = PromptTokens + NewTokens;
    private const int Page = 64;
    private static readonly TurnCommand s_turn = SessionCalls.Command([.. Enumerable.Range(0, PromptTokens).Select(i => 300 + (i * 7919 % 3000))], maxTokens: NewTokens, seed: 5);

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task A_silo_that_is_killed_in_a_turn_costs_the_tail_of_the_state_and_the_ids_stay(bool isRecurrent, bool keptInTheTurn)
    {
        await using var engines = new Engines(isRecurrent);
        var whole = await WholeAsync(engines, turns: 3);
        await using var first = await BegunAsync(engines);
        var before = await KeepUpAsync(first, "a");
        Assert.InRange(before, (2 * Turn) - Page, 2 * Turn);
        Assert.Equal(isRecurrent ? 1 : 2, first.SnapshotFiles.Count);
        await using var killed = await KilledInATurnAsync(first, engines, keptInTheTurn);

        var resumed = await killed.Owner("a").ResumeAsync((2 * Turn) + PromptTokens);
        Assert.Equal(whole.Ids(), resumed.Ids());

        // What was written in the turn reaches to the end of its prompt and further; what was written before it, to its beginning.
        var most = keptInTheTurn && !isRecurrent ? Page : PromptTokens + (2 * Turn) - before;
        Assert.InRange(resumed[^1].Finished!.PrefilledTokens, 1, most);
    }

    [Fact]
    public async Task A_damaged_part_is_noticed_removed_and_computed_again()
    {
        await using var engines = new Engines(isRecurrent: false);
        var whole = await WholeAsync(engines, turns: 3);
        await using var first = await BegunAsync(engines);
        await KeepUpAsync(first, "a");
        var file = first.SnapshotFiles[1];
        var bytes = await File.ReadAllBytesAsync(file);
        bytes[bytes.Length / 2] ^= 8;
        await File.WriteAllBytesAsync(file, bytes);
        await using var killed = await KilledInATurnAsync(first, engines, keptInTheTurn: false);
        var resumed = await killed.Owner("a").ResumeAsync((2 * Turn) + PromptTokens);
        Assert.Equal(whole.Ids(), resumed.Ids());
        Assert.Equal(PromptTokens + (2 * Turn) - (Turn / Page * Page), resumed[^1].Finished!.PrefilledTokens);
        Assert.Equal(["a@+0.state"], killed.SnapshotFiles.Select(Path.GetFileName));
    }

    [Fact]
    public async Task Sleep_puts_one_snapshot_in_the_place_of_the_parts_and_a_rollback_takes_those_behind_it()
    {
        await using var engines = new Engines(isRecurrent: false);
        await using var silo = await SiloHarness.StartAsync(engines.Load(), snapshots: Options());
        var session = await silo.CreateAsync("a");
        await session.RunAsync(s_turn);
        await KeepUpAsync(silo, "a");
        await session.RunAsync(s_turn);
        await KeepUpAsync(silo, "a");
        var boundary = (PromptTokens + NewTokens) / Page * Page;
        Assert.Equal(["a@+0.state", $"a@+{boundary}.state"], silo.SnapshotFiles.Select(Path.GetFileName));

        await session.RollBackAsync(new RollbackSession { Position = boundary }, CancellationToken.None);
        Assert.Equal(["a@+0.state"], silo.SnapshotFiles.Select(Path.GetFileName));
        await session.SleepAsync(CancellationToken.None);
        Assert.Equal(["a.state"], silo.SnapshotFiles.Select(Path.GetFileName));
        var after = await session.RunAsync(SessionCalls.Command([400], maxTokens: 2));
        Assert.InRange(after[^1].Finished!.PrefilledTokens, 1, Page);
    }

    [Fact]
    public async Task A_part_that_the_quota_took_is_written_again_with_what_comes_after_it()
    {
        await using var engines = new Engines(isRecurrent: false);
        await using var silo = await SiloHarness.StartAsync(engines.Load(), snapshots: Options());
        var session = await silo.CreateAsync("a");
        await session.RunAsync(s_turn);
        await KeepUpAsync(silo, "a");
        File.Delete(Assert.Single(silo.SnapshotFiles));
        await session.RunAsync(s_turn);
        Assert.Equal(2 * (PromptTokens + NewTokens) / Page * Page, await KeepUpAsync(silo, "a"));
        Assert.Equal(["a@+0.state"], silo.SnapshotFiles.Select(Path.GetFileName));
    }

    [Theory]
    [InlineData(PromptTokens + NewTokens, 0.5, 1L << 30)]
    [InlineData(128, 0, 1L << 30)]
    [InlineData(128, 0.5, 1L << 16)]
    public async Task Short_sessions_and_those_beyond_the_share_of_the_quota_are_not_written(int tokens, double share, long quota)
    {
        await using var engines = new Engines(isRecurrent: false);
        await using var silo = await SiloHarness.StartAsync(engines.Load(), snapshots: Options(tokens, share, quota));
        await (await silo.CreateAsync("a")).RunAsync(s_turn);
        Assert.Equal(0, await KeepUpAsync(silo, "a", tokens: 0));
        Assert.Empty(silo.SnapshotFiles);
    }

    private static SnapshotOptions Options(int tokens = Page, double share = 0.5, long quota = 1 << 30) => new() { QuotaBytes = quota, KeepUpTokens = tokens, KeepUpShare = share };

    /// <summary>As the keeper does once a second.</summary>
    /// <returns>Tokens whose state lies in the store then.</returns>
    private static async Task<int> KeepUpAsync(SiloHarness silo, string name, int tokens = Page)
    {
        foreach (var session in silo.Services.Active.Grown(tokens))
        {
            await session.KeepUpAsync();
        }

        return (await silo.Owner(name).InfoAsync()).SnapshotLength;
    }

    /// <summary>A session of two turns, each of which was written.</summary>
    private static async Task<SiloHarness> BegunAsync(Engines engines)
    {
        var silo = await SiloHarness.StartAsync(engines.Load(), snapshots: Options());
        await (await silo.CreateAsync("a")).RunAsync(s_turn);
        await KeepUpAsync(silo, "a");
        await silo.Owner("a").RunAsync(s_turn);
        return silo;
    }

    /// <summary>The silo is killed in the third turn, of which the log has the beginning only.</summary>
    private static async Task<SiloHarness> KilledInATurnAsync(SiloHarness silo, Engines engines, bool keptInTheTurn)
    {
        silo.Faults.Holding = new TaskCompletionSource();
        silo.Faults.Failing.Add("Schedule");
        await (await silo.Owner("a").StartAsync(s_turn)).TakeTokensAsync(NewTokens);
        if (keptInTheTurn)
        {
            await KeepUpAsync(silo, "a");
        }

        var killed = await silo.KilledAsync(engines.Load());
        silo.Faults.Holding.SetResult();
        return killed;
    }

    /// <summary>The last of the turns as it is when nothing happens.</summary>
    private static async Task<List<TurnEvent>> WholeAsync(Engines engines, int turns)
    {
        await using var silo = await SiloHarness.StartAsync(engines.Load());
        var session = await silo.CreateAsync("a");
        for (var turn = 1; turn < turns; turn++)
        {
            await session.RunAsync(s_turn);
        }

        return await session.RunAsync(s_turn);
    }

    /// <summary>Engines that share nothing, as those of several silos.</summary>
    private sealed class Engines(bool isRecurrent) : IAsyncDisposable
    {
        private readonly List<InferenceEngine> _engines = [];

        public InferenceEngine Load()
        {
            var model = isRecurrent ? Repository.RecurrentModel : Repository.TinyModel;
            var engine = InferenceEngine.Load(
                Checkpoint.Open(model), ModelTokenizers.Open(model), new EngineOptions { Threads = 1, StateBytes = 64 << 20 }, TimeProvider.System);
            _engines.Add(engine);
            return engine;
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var engine in _engines)
            {
                await engine.DisposeAsync();
            }
        }
    }
}
