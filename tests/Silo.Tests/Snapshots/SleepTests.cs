using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Messages;
using OrleansLM.Silo.Sessions;
using OrleansLM.Silo.Snapshots;
using OrleansLM.Silo.Tests.Doubles;

namespace OrleansLM.Silo.Tests.Snapshots;

/// <summary>Sessions that sleep wake up with their state and compute nothing again; whatever happens to their snapshots, the tokens are the same.</summary>
public sealed class SleepTests
{
    private static readonly int[] s_prompt = [.. Enumerable.Range(300, 50)];

    [Fact]
    public async Task A_sleeper_wakes_without_computing_anything_again()
    {
        await using var silo = await StartAsync();
        var session = await BegunAsync(silo);
        var asleep = await session.SleepAsync(CancellationToken.None);
        Assert.Equal((58, 0, 58), (asleep.Length, asleep.ComputedLength, asleep.SnapshotLength));
        Assert.Equal(0, silo.Engine.LiveSequences);
        Assert.Equal(1 + 8, await ComputedAsync(silo, () => GoOnAsync(silo)));
    }

    [Fact]
    public async Task A_session_that_leaves_memory_sleeps()
    {
        await using var silo = await StartAsync();
        await BegunAsync(silo);
        await silo.DeactivateAsync("a");
        Assert.Single(silo.SnapshotFiles);
        Assert.Equal(1 + 8, await ComputedAsync(silo, () => GoOnAsync(silo)));
    }

    [Fact]
    public async Task After_a_kill_a_snapshot_that_is_older_than_the_log_serves_as_far_as_it_goes()
    {
        await using var silo = await StartAsync();
        var session = await BegunAsync(silo);
        await session.SleepAsync(CancellationToken.None);
        await session.RunAsync(SessionCalls.Command([400, 401, 402], maxTokens: 10, seed: 5));
        await using var reborn = await silo.KilledAsync();
        Assert.Equal(3 + 10 + 1 + 8, await ComputedAsync(reborn, () => GoOnAsync(reborn)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_damaged_snapshot_is_noticed_removed_and_replaced_by_replay(bool cut)
    {
        await using var silo = await StartAsync();
        var session = await BegunAsync(silo);
        await session.SleepAsync(CancellationToken.None);
        var file = Assert.Single(silo.SnapshotFiles);
        var bytes = await File.ReadAllBytesAsync(file);
        bytes[^300] ^= 4;
        await File.WriteAllBytesAsync(file, cut ? bytes[..^200] : bytes);
        Assert.Equal(58 + 1 + 8, await ComputedAsync(silo, () => GoOnAsync(silo)));
        Assert.Empty(silo.SnapshotFiles);
    }

    [Fact]
    public async Task A_full_disk_leaves_the_session_awake()
    {
        await using var silo = await StartAsync();
        var session = await BegunAsync(silo);
        silo.Store.IsFull = true;
        var error = await Assert.ThrowsAsync<OrleansLMException>(() => session.SleepAsync(CancellationToken.None));
        Assert.Equal((ErrorCode.ResourceExhausted, "SNAPSHOT_NOT_WRITTEN"), (error.Code, error.Reason));
        Assert.Equal(1 + 8, await ComputedAsync(silo, () => GoOnAsync(silo)));
    }

    [Fact]
    public async Task Beyond_the_quota_the_oldest_snapshots_go_and_their_sessions_compute_again()
    {
        await using var silo = await StartAsync(quota: 5000);
        foreach (var name in new[] { "a", "b", "c", "d" })
        {
            var session = await BegunAsync(silo, name);
            await session.SleepAsync(CancellationToken.None);
            silo.Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(["b.state", "c.state", "d.state"], silo.SnapshotFiles.Select(Path.GetFileName));
        Assert.Equal(58 + 1 + 8, await ComputedAsync(silo, () => GoOnAsync(silo)));
        Assert.Equal(1 + 8, await ComputedAsync(silo, () => GoOnAsync(silo, "d")));
    }

    [Fact]
    public async Task A_snapshot_larger_than_the_quota_is_not_written()
    {
        await using var silo = await StartAsync(quota: 1000);
        var session = await BegunAsync(silo);
        Assert.Equal("SNAPSHOT_NOT_WRITTEN", (await Assert.ThrowsAsync<OrleansLMException>(() => session.SleepAsync(CancellationToken.None))).Reason);
        Assert.Empty(silo.SnapshotFiles);
        Assert.Equal(1 + 8, await ComputedAsync(silo, () => GoOnAsync(silo)));
    }

    [Fact]
    public async Task Without_snapshots_sleep_is_refused()
    {
        await using var silo = await StartAsync(quota: 0);
        var session = await BegunAsync(silo);
        Assert.Equal("SNAPSHOTS_OFF", (await Assert.ThrowsAsync<OrleansLMException>(() => session.SleepAsync(CancellationToken.None))).Reason);
    }

    [Fact]
    public async Task A_running_turn_keeps_its_session_awake()
    {
        await using var silo = await SiloHarness.StartAsync(new FakeEngine(isPaced: true), snapshots: new SnapshotOptions());
        var session = await silo.CreateAsync("a");
        await session.StartAsync(SessionCalls.Command(s_prompt));
        Assert.Equal(ErrorCode.Aborted, (await Assert.ThrowsAsync<OrleansLMException>(() => session.SleepAsync(CancellationToken.None))).Code);
    }

    [Fact]
    public async Task A_fork_of_a_sleeper_begins_with_its_parents_snapshot()
    {
        await using var silo = await StartAsync();
        var session = await BegunAsync(silo);
        await session.SleepAsync(CancellationToken.None);
        await session.ForkAsync(new ForkSession { NewSessionId = "b" }, CancellationToken.None);
        Assert.Equal(1 + 8, await ComputedAsync(silo, () => GoOnAsync(silo, "b")));
    }

    [Fact]
    public async Task After_a_rollback_a_snapshot_serves_up_to_there()
    {
        await using var silo = await StartAsync();
        var session = await BegunAsync(silo);
        await session.SleepAsync(CancellationToken.None);
        await session.RollBackAsync(new RollbackSession { Position = 40 }, CancellationToken.None);
        var computed = silo.Engine.ComputedTokens;
        await session.RunAsync(SessionCalls.Command([500, 501], maxTokens: 4));
        Assert.Equal(2 + 4, silo.Engine.ComputedTokens - computed);
    }

    [Fact]
    public async Task A_deleted_session_leaves_no_snapshot()
    {
        await using var silo = await StartAsync();
        var session = await BegunAsync(silo);
        await BegunAsync(silo, "ab");
        await session.SleepAsync(CancellationToken.None);
        await silo.Owner("ab").SleepAsync(CancellationToken.None);
        await session.DeleteAsync(CancellationToken.None);
        Assert.Equal(["ab.state"], silo.SnapshotFiles.Select(Path.GetFileName));
    }

    private static Task<SiloHarness> StartAsync(long quota = 1 << 20) => SiloHarness.StartAsync(snapshots: new SnapshotOptions { QuotaBytes = quota });

    /// <summary>A session with 50 tokens of prompt and 8 generated.</summary>
    private static async Task<SessionOwner> BegunAsync(SiloHarness silo, string name = "a")
    {
        var session = await silo.CreateAsync(name);
        await session.RunAsync(SessionCalls.Command(s_prompt));
        return session;
    }

    /// <summary>A turn of one token and 8 generated ones, which are those of an engine that never forgot.</summary>
    private static async Task GoOnAsync(SiloHarness silo, string name = "a")
    {
        var before = await silo.Owner(name).TokensAsync();
        var ids = (await silo.Owner(name).RunAsync(SessionCalls.Command([77]))).Ids();
        Assert.Equal(FakeEngine.Generate([.. before, 77], 1, 8), ids);
    }

    private static async Task<int> ComputedAsync(SiloHarness silo, Func<Task> action)
    {
        var before = silo.Engine.ComputedTokens;
        await action();
        return silo.Engine.ComputedTokens - before;
    }
}
