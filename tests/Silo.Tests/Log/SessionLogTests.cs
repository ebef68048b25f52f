using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Messages;
using OrleansLM.Silo.Log;
using OrleansLM.Silo.Tests.Log.Kinds;
using static OrleansLM.Silo.Tests.Log.Kinds.Records;

namespace OrleansLM.Silo.Tests.Log;

/// <summary>What every kind of log does.</summary>
[Collection(PostgresCollection.Name)]
public sealed class SessionLogTests(SharedPostgres postgres)
{
    private const int NoLimit = int.MaxValue;
    private static readonly DateTimeOffset s_time = Records.Time;

    [Theory, SqliteLog, PostgresLog]
    public async Task A_session_comes_back_as_it_was_written(SessionLogKind kind)
    {
        await using var silo = await LogRig.StartAsync(kind, postgres);
        var session = Session("a") with
        {
            TimeToLive = TimeSpan.FromHours(1),
            ExpireTime = s_time.AddHours(1),
            Tenant = "t",
            Metadata = new Dictionary<string, string> { ["k"] = "v ü" },
            SamplingDefaults = new SamplingSettings { Temperature = 0.7f, Seed = ulong.MaxValue, LogitBias = new Dictionary<int, float> { [5] = -1.5f } },
            StopDefaults = new StopSettings { Stop = ["\n"], MaxTokens = 9 },
            ParentSessionId = "p",
            ParentPosition = 2,
        };
        await silo.Log.CreateAsync(session, new[] { 7, 8, 9 }, [new CheckpointInfo { Name = "c", Position = 2, CreateTime = s_time }], NoLimit);
        var stored = await silo.Log.OpenSessionAsync("a");
        Assert.Equivalent(session with { Length = 3 }, stored!.Session);
        Assert.Equal("c", Assert.Single(stored.Checkpoints).Name);
        Assert.Empty(stored.Turns);
        Assert.Equal([8, 9], (IEnumerable<int>)await silo.Log.ReadTokensAsync(stored.Handle, 1, 3));
        Assert.Null(await silo.Log.OpenSessionAsync("b"));
    }

    [Theory, SqliteLog, PostgresLog]
    public async Task A_turn_comes_back_with_every_parameter(SessionLogKind kind)
    {
        await using var silo = await LogRig.StartAsync(kind, postgres);
        var handle = await CreateAsync(silo.Log, "a");
        var turn = Turn("t1", 0, 2) with { IdempotencyKey = "k", CommandHash = [1, 2, 3] };
        await silo.Log.BeginTurnAsync(handle, turn, new[] { 1, 2 }, null);
        Assert.Equivalent(turn, Assert.Single((await silo.Log.OpenSessionAsync("a"))!.Turns));
        Assert.Equal(new UnfinishedTurn("a", "t1", true), Assert.Single(await silo.Log.ListUnfinishedTurnsAsync()));
    }

    [Theory, SqliteLog, PostgresLog]
    public async Task Tokens_of_an_unfinished_turn_count_once_some_are_generated(SessionLogKind kind)
    {
        await using var silo = await LogRig.StartAsync(kind, postgres);
        var handle = await CreateAsync(silo.Log, "a");
        await silo.Log.BeginTurnAsync(handle, Turn("t1", 0, 2), new[] { 1, 2 }, null);
        Assert.Equal(0, await LengthAsync(silo.Log, "a"));
        handle = (await silo.Log.OpenSessionAsync("a"))!.Handle;
        var tail = new TurnTail(handle, "t1", 2);
        tail.Append(3);
        silo.Log.Schedule(tail, urgent: false);
        await silo.Log.FlushAsync();
        Assert.Equal(3, await LengthAsync(silo.Log, "a"));
    }

    [Theory, SqliteLog, PostgresLog]
    public async Task A_group_and_the_end_of_its_turn_may_be_committed_together(SessionLogKind kind)
    {
        await using var silo = await LogRig.StartAsync(kind, postgres, TimeSpan.FromSeconds(5));
        var handle = await CreateAsync(silo.Log, "a");
        await silo.Log.BeginTurnAsync(handle, Turn("t1", 0, 1), new[] { 1 }, null);
        var tail = new TurnTail(handle, "t1", 1);
        tail.Append(2);
        silo.Log.Schedule(tail, urgent: false);
        tail.Append(3);
        await silo.Log.EndTurnAsync(tail, End(1, 2, 3), s_time, null);
        Assert.Equal([1, 2, 3], (IEnumerable<int>)await silo.Log.ReadTokensAsync(handle, 0, 3));
        Assert.Equivalent(End(1, 2, 3), (await silo.Log.OpenSessionAsync("a"))!.Turns[0].End);
    }

    [Theory, SqliteLog, PostgresLog]
    public async Task An_abandoned_turn_leaves_no_trace(SessionLogKind kind)
    {
        await using var silo = await LogRig.StartAsync(kind, postgres);
        var handle = await CreateAsync(silo.Log, "a", 1, 2);
        await silo.Log.BeginTurnAsync(handle, Turn("t1", 2, 2), new[] { 3, 4 }, null);
        await silo.Log.AbandonTurnAsync(handle, "t1", null);
        var stored = (await silo.Log.OpenSessionAsync("a"))!;
        Assert.Empty(stored.Turns);
        Assert.Equal((2, null, null), (stored.Session.Length, stored.Session.ActiveTurnId, stored.Session.LastTurnId));
        await Assert.ThrowsAsync<OrleansLMException>(() => silo.Log.ReadTokensAsync(stored.Handle, 0, 3));
    }

    [Theory, SqliteLog, PostgresLog]
    public async Task A_rollback_cuts_segments_wherever_it_falls(SessionLogKind kind)
    {
        await using var silo = await LogRig.StartAsync(kind, postgres);
        foreach (var position in new[] { 0, 2, 3, 4, 6 })
        {
            var handle = await CreateAsync(silo.Log, $"a{position}", 0, 1, 2);
            await RunTurnAsync(silo.Log, handle, "t1", 3, [3], [4, 5]);
            await silo.Log.AddCheckpointAsync(handle, new CheckpointInfo { Name = "c", Position = 4, CreateTime = s_time });
            await silo.Log.RollbackAsync(handle, position, s_time);
            var stored = (await silo.Log.OpenSessionAsync($"a{position}"))!;
            Assert.Equal(Enumerable.Range(0, position), (IEnumerable<int>)await silo.Log.ReadTokensAsync(stored.Handle, 0, stored.Session.Length));
            Assert.Equal(position >= 4 ? 1 : 0, stored.Checkpoints.Count);
            Assert.Equal(position < 6 ? TurnState.RolledBack : TurnState.Ended, stored.Turns[0].State);
        }
    }

    [Theory, SqliteLog, PostgresLog]
    public async Task Who_opened_a_session_before_somebody_else_can_no_longer_write(SessionLogKind kind)
    {
        await using var silo = await LogRig.StartAsync(kind, postgres);
        var old = await CreateAsync(silo.Log, "a");
        await silo.Log.OpenSessionAsync("a");
        var failure = await Assert.ThrowsAsync<OrleansLMException>(() => silo.Log.BeginTurnAsync(old, Turn("t1", 0, 1), new[] { 1 }, null));
        Assert.Equal((ErrorCode.Aborted, "SESSION_MOVED"), (failure.Code, failure.Reason));
        Assert.Empty((await silo.Log.OpenSessionAsync("a"))!.Turns);
    }

    [Theory, SqliteLog, PostgresLog]
    public async Task Sessions_are_limited_and_ids_taken_once(SessionLogKind kind)
    {
        await using var silo = await LogRig.StartAsync(kind, postgres);
        await silo.Log.CreateAsync(Session("a"), default, [], 1);
        Assert.Equal(ErrorCode.AlreadyExists, (await Assert.ThrowsAsync<OrleansLMException>(() => silo.Log.CreateAsync(Session("a"), default, [], 1))).Code);
        Assert.Equal(ErrorCode.ResourceExhausted, (await Assert.ThrowsAsync<OrleansLMException>(() => silo.Log.CreateAsync(Session("b"), default, [], 1))).Code);
        await silo.Log.DeleteAsync((await silo.Log.OpenSessionAsync("a"))!.Handle);
        await silo.Log.CreateAsync(Session("b"), default, [], 1);
        Assert.Equal(1, silo.Log.SessionCount);
    }

    [Theory, SqliteLog, PostgresLog]
    public async Task A_deleted_session_leaves_no_rows(SessionLogKind kind)
    {
        await using var silo = await LogRig.StartAsync(kind, postgres);
        var handle = await CreateAsync(silo.Log, "a", 1, 2);
        await RunTurnAsync(silo.Log, handle, "t1", 2, [3], [4]);
        await silo.Log.AddCheckpointAsync(handle, new CheckpointInfo { Name = "c", Position = 1, CreateTime = s_time });
        await silo.Log.DeleteAsync(handle);
        foreach (var table in new[] { "sessions", "turns", "segments", "checkpoints" })
        {
            Assert.Equal(0L, silo.Query($"SELECT COUNT(*) FROM {table}"));
        }
    }

    [Theory, SqliteLog, PostgresLog]
    public async Task Listings_are_newest_first_and_filtered(SessionLogKind kind)
    {
        await using var silo = await LogRig.StartAsync(kind, postgres);
        for (var i = 0; i < 6; i++)
        {
            await silo.Log.CreateAsync(Session($"s{i}") with { Tenant = i % 2 == 0 ? "even" : "odd" }, default, [], NoLimit);
        }

        var first = await silo.Log.ListAsync(new SessionFilter(), long.MaxValue, 4);
        Assert.Equal(["s5", "s4", "s3", "s2"], first.Select(entry => entry.Session.SessionId));
        Assert.Equal(["s1", "s0"], (await silo.Log.ListAsync(new SessionFilter(), first[^1].Row, 4)).Select(entry => entry.Session.SessionId));
        Assert.Equal(["s4", "s2", "s0"], (await silo.Log.ListAsync(new SessionFilter(Tenant: "even"), long.MaxValue, 9)).Select(entry => entry.Session.SessionId));
        Assert.Empty(await silo.Log.ListAsync(new SessionFilter(Model: "other"), long.MaxValue, 9));
    }

    [Theory, SqliteLog, PostgresLog]
    public async Task A_silo_that_was_thought_dead_can_no_longer_write_to_what_another_took_over(SessionLogKind kind)
    {
        await using var silo = await LogRig.StartAsync(kind, postgres);
        var frozen = await CreateAsync(silo.Log, "a");
        await silo.Log.BeginTurnAsync(frozen, Turn("t1", 0, 1), new[] { 7 }, null);
        var tail = new TurnTail(frozen, "t1", 1);
        var fenced = new TaskCompletionSource<OrleansLMException>(TaskCreationOptions.RunContinuationsAsynchronously);
        tail.Fenced = reason => fenced.TrySetResult(reason);

        var second = await silo.OpenAnotherAsync();
        var stored = (await second.OpenSessionAsync("a", "silo-2"))!;
        Assert.Equal(new UnfinishedTurn("a", "t1", true, "silo-2"), Assert.Single(await silo.Log.ListUnfinishedTurnsAsync()));
        tail.Append(8);
        silo.Log.Schedule(tail, urgent: true);
        Assert.Equal("SESSION_MOVED", (await fenced.Task.WaitAsync(TimeSpan.FromSeconds(60))).Reason);

        var taken = new TurnTail(stored.Handle, "t1", 1);
        taken.Append(9);
        await second.EndTurnAsync(taken, End(1, 1, 2), s_time, null);
        Assert.Equal("SESSION_MOVED", (await Assert.ThrowsAsync<OrleansLMException>(() => silo.Log.EndTurnAsync(tail, End(1, 1, 2), s_time, null))).Reason);
        Assert.Equal([7, 9], (IEnumerable<int>)await silo.Log.ReadTokensAsync(stored.Handle, 0, 2));
    }

    [Theory, SqliteLog, PostgresLog]
    public async Task Many_silos_open_a_new_log_together_and_each_name_is_taken_once(SessionLogKind kind)
    {
        await using var silo = await LogRig.StartAsync(kind, postgres);
        var others = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => silo.OpenAnotherAsync()));
        var tries = others.SelectMany(log => Enumerable.Range(0, 20).Select(i => (Log: log, Id: $"s{i}"))).ToList();
        var created = await Task.WhenAll(tries.Select(entry => CreatedAsync(entry.Log, entry.Id)));
        Assert.Equal(20, created.Count(done => done));
        Assert.Equal(20, (await silo.Log.ListAsync(new SessionFilter(), long.MaxValue, 100)).Count);
    }

    private static async Task<bool> CreatedAsync(ISessionLog log, string id)
    {
        try
        {
            await log.CreateAsync(Session(id), new[] { 1 }, [], NoLimit);
            return true;
        }
        catch (OrleansLMException failure) when (failure.Code == ErrorCode.AlreadyExists)
        {
            return false;
        }
    }
}
