using Microsoft.Data.Sqlite;
using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Messages;
using OrleansLM.Engine.Sampling;
using OrleansLM.Silo.Log;
using OrleansLM.Silo.Log.Sqlite;
using OrleansLM.Silo.Tests.Doubles;

namespace OrleansLM.Silo.Tests.Log.Sqlite;

public sealed class SqliteSessionLogTests
{
    private const int NoLimit = int.MaxValue;
    private static readonly DateTimeOffset s_time = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Fact]
    public async Task A_session_comes_back_as_it_was_written()
    {
        await using var silo = await SiloHarness.StartAsync();
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

    [Fact]
    public async Task A_turn_comes_back_with_every_parameter()
    {
        await using var silo = await SiloHarness.StartAsync();
        var handle = await CreateAsync(silo, "a");
        var turn = Turn("t1", 0, 2) with { IdempotencyKey = "k", CommandHash = [1, 2, 3] };
        await silo.Log.BeginTurnAsync(handle, turn, new[] { 1, 2 }, null);
        Assert.Equivalent(turn, Assert.Single((await silo.Log.OpenSessionAsync("a"))!.Turns));
        Assert.Equal(new UnfinishedTurn("a", "t1", true), Assert.Single(await silo.Log.ListUnfinishedTurnsAsync()));
    }

    [Fact]
    public async Task Tokens_of_an_unfinished_turn_count_once_some_are_generated()
    {
        await using var silo = await SiloHarness.StartAsync();
        var handle = await CreateAsync(silo, "a");
        await silo.Log.BeginTurnAsync(handle, Turn("t1", 0, 2), new[] { 1, 2 }, null);
        Assert.Equal(0, await LengthAsync(silo, "a"));
        handle = (await silo.Log.OpenSessionAsync("a"))!.Handle;
        var tail = new TurnTail(handle, "t1", 2);
        tail.Append(3);
        silo.Log.Schedule(tail, urgent: false);
        await silo.Log.FlushAsync();
        Assert.Equal(3, await LengthAsync(silo, "a"));
    }

    [Fact]
    public async Task A_group_and_the_end_of_its_turn_may_be_committed_together()
    {
        await using var silo = await SiloHarness.StartAsync(logOptions: new SessionLogOptions { GroupInterval = TimeSpan.FromSeconds(5) });
        var handle = await CreateAsync(silo, "a");
        await silo.Log.BeginTurnAsync(handle, Turn("t1", 0, 1), new[] { 1 }, null);
        var tail = new TurnTail(handle, "t1", 1);
        tail.Append(2);
        silo.Log.Schedule(tail, urgent: false);
        tail.Append(3);
        await silo.Log.EndTurnAsync(tail, End(1, 2, 3), s_time, null);
        Assert.Equal([1, 2, 3], (IEnumerable<int>)await silo.Log.ReadTokensAsync(handle, 0, 3));
        Assert.Equivalent(End(1, 2, 3), (await silo.Log.OpenSessionAsync("a"))!.Turns[0].End);
    }

    [Fact]
    public async Task An_abandoned_turn_leaves_no_trace()
    {
        await using var silo = await SiloHarness.StartAsync();
        var handle = await CreateAsync(silo, "a", 1, 2);
        await silo.Log.BeginTurnAsync(handle, Turn("t1", 2, 2), new[] { 3, 4 }, null);
        await silo.Log.AbandonTurnAsync(handle, "t1", null);
        var stored = (await silo.Log.OpenSessionAsync("a"))!;
        Assert.Empty(stored.Turns);
        Assert.Equal((2, null, null), (stored.Session.Length, stored.Session.ActiveTurnId, stored.Session.LastTurnId));
        await Assert.ThrowsAsync<OrleansLMException>(() => silo.Log.ReadTokensAsync(stored.Handle, 0, 3));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(6)]
    public async Task A_rollback_cuts_segments_wherever_it_falls(int position)
    {
        await using var silo = await SiloHarness.StartAsync();
        var handle = await CreateAsync(silo, "a", 0, 1, 2);
        await RunTurnAsync(silo, handle, "t1", 3, [3], [4, 5]);
        await silo.Log.AddCheckpointAsync(handle, new CheckpointInfo { Name = "c", Position = 4, CreateTime = s_time });
        await silo.Log.RollbackAsync(handle, position, s_time);
        var stored = (await silo.Log.OpenSessionAsync("a"))!;
        Assert.Equal(Enumerable.Range(0, position), (IEnumerable<int>)await silo.Log.ReadTokensAsync(stored.Handle, 0, stored.Session.Length));
        Assert.Equal(position >= 4 ? 1 : 0, stored.Checkpoints.Count);
        Assert.Equal(position < 6 ? TurnState.RolledBack : TurnState.Ended, stored.Turns[0].State);
    }

    [Fact]
    public async Task Who_opened_a_session_before_somebody_else_can_no_longer_write()
    {
        await using var silo = await SiloHarness.StartAsync();
        var old = await CreateAsync(silo, "a");
        await silo.Log.OpenSessionAsync("a");
        var failure = await Assert.ThrowsAsync<OrleansLMException>(() => silo.Log.BeginTurnAsync(old, Turn("t1", 0, 1), new[] { 1 }, null));
        Assert.Equal((ErrorCode.Aborted, "SESSION_MOVED"), (failure.Code, failure.Reason));
        Assert.Empty((await silo.Log.OpenSessionAsync("a"))!.Turns);
    }

    [Fact]
    public async Task Sessions_are_limited_and_ids_taken_once()
    {
        await using var silo = await SiloHarness.StartAsync();
        await silo.Log.CreateAsync(Session("a"), default, [], 1);
        Assert.Equal(ErrorCode.AlreadyExists, (await Assert.ThrowsAsync<OrleansLMException>(() => silo.Log.CreateAsync(Session("a"), default, [], 1))).Code);
        Assert.Equal(ErrorCode.ResourceExhausted, (await Assert.ThrowsAsync<OrleansLMException>(() => silo.Log.CreateAsync(Session("b"), default, [], 1))).Code);
        await silo.Log.DeleteAsync((await silo.Log.OpenSessionAsync("a"))!.Handle);
        await silo.Log.CreateAsync(Session("b"), default, [], 1);
        Assert.Equal(1, silo.Log.SessionCount);
    }

    [Fact]
    public async Task A_deleted_session_leaves_no_rows()
    {
        await using var silo = await SiloHarness.StartAsync();
        var handle = await CreateAsync(silo, "a", 1, 2);
        await RunTurnAsync(silo, handle, "t1", 2, [3], [4]);
        await silo.Log.AddCheckpointAsync(handle, new CheckpointInfo { Name = "c", Position = 1, CreateTime = s_time });
        await silo.Log.DeleteAsync(handle);
        using var connection = new SqliteConnection($"Data Source={silo.LogPath};Pooling=False");
        connection.Open();
        foreach (var table in new[] { "sessions", "turns", "segments", "checkpoints" })
        {
            using var command = connection.Prepare($"SELECT COUNT(*) FROM {table}");
            Assert.Equal(0L, command.ExecuteScalar());
        }
    }

    [Fact]
    public async Task Listings_are_newest_first_and_filtered()
    {
        await using var silo = await SiloHarness.StartAsync();
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

    [Fact]
    public async Task A_session_survives_a_kill_at_any_moment()
    {
        await using var silo = await SiloHarness.StartAsync(logOptions: new SessionLogOptions { GroupInterval = TimeSpan.Zero });
        var handle = await CreateAsync(silo, "a");
        await silo.Log.BeginTurnAsync(handle, Turn("t1", 0, 1), new[] { 100 }, null);
        var tail = new TurnTail(handle, "t1", 1);
        for (var i = 0; i < 20; i++)
        {
            tail.Append(i);
            silo.Log.Schedule(tail, urgent: true);
            await silo.Log.FlushAsync();
            if (i % 5 == 0)
            {
                await using var reborn = await silo.KilledAsync();
                var stored = (await reborn.Log.OpenSessionAsync("a"))!;
                Assert.Equal("t1", stored.Session.ActiveTurnId);
                Assert.Equal([100, .. Enumerable.Range(0, i + 1)], (IEnumerable<int>)await reborn.Log.ReadTokensAsync(stored.Handle, 0, stored.Session.Length));
            }
        }
    }

    [Fact]
    public async Task A_torn_write_ahead_log_loses_its_end_and_nothing_before()
    {
        await using var silo = await SiloHarness.StartAsync();
        var handle = await CreateAsync(silo, "a");
        for (var i = 0; i < 10; i++)
        {
            await RunTurnAsync(silo, handle, $"t{i}", i * 2, [i * 2], [(i * 2) + 1]);
        }

        using var directory = new TemporaryDirectory();
        File.Copy(silo.LogPath, directory.File("sessions.db"));
        var wal = await File.ReadAllBytesAsync(silo.LogPath + "-wal");
        foreach (var length in new[] { wal.Length - 1, wal.Length - 5000, wal.Length / 2, wal.Length / 3 })
        {
            await File.WriteAllBytesAsync(directory.File("sessions.db-wal"), wal[..length]);
            await using var log = SessionLogs.At(directory.File("sessions.db"));
            await log.Log.OpenAsync(CancellationToken.None);
            if (await log.Log.OpenSessionAsync("a") is { } stored)
            {
                var kept = stored.Session.Length;
                Assert.Equal(Enumerable.Range(0, kept), (IEnumerable<int>)await log.Log.ReadTokensAsync(stored.Handle, 0, kept));
                Assert.Equal(kept, stored.Turns.Where(turn => turn.State == TurnState.Ended).Sum(turn => turn.PromptTokens + turn.End!.GeneratedTokens));
            }

            await log.DisposeAsync();
            File.Copy(silo.LogPath, directory.File("sessions.db"), overwrite: true);
        }
    }

    private static SessionRecord Session(string id) => new() { SessionId = id, Model = "m", CreateTime = s_time, UpdateTime = s_time };

    private static TurnRecord Turn(string id, int start, int prompt) => new()
    {
        TurnId = id,
        StartPosition = start,
        PromptTokens = prompt,
        Parameters = new TurnParameters
        {
            Sampling = new SamplingParameters { Temperature = 0.1f, TopP = 0.9f, Seed = ulong.MaxValue - 1, LogitBias = new Dictionary<int, float> { [3] = 2.5f }, LogProbs = 2 },
            Stop = new StopConditions { MaxNewTokens = 12, StopStrings = ["\"x\""], StopTokenIds = [2], IgnoreEos = true },
            PromptLogProbs = 1,
            CancelOnDisconnect = true,
        },
        Fingerprint = "f",
        BackendKind = "b",
        CreateTime = s_time,
    };

    private static TurnEnd End(int prompt, int generated, int length) => new()
    {
        Reason = TurnFinishReason.Stop,
        PromptTokens = prompt,
        PrefilledTokens = 5,
        GeneratedTokens = generated,
        SessionLength = length,
        QueueTime = TimeSpan.FromTicks(11),
        TimeToFirstToken = TimeSpan.FromTicks(12),
        TotalTime = TimeSpan.FromTicks(13),
    };

    private static async Task<SessionHandle> CreateAsync(SiloHarness silo, string id, params int[] tokens)
    {
        await silo.Log.CreateAsync(Session(id), tokens, [], NoLimit);
        return (await silo.Log.OpenSessionAsync(id))!.Handle;
    }

    private static async Task RunTurnAsync(SiloHarness silo, SessionHandle handle, string id, int start, int[] prompt, int[] answer)
    {
        await silo.Log.BeginTurnAsync(handle, Turn(id, start, prompt.Length), prompt, null);
        var tail = new TurnTail(handle, id, start + prompt.Length);
        Array.ForEach(answer, token => tail.Append(token));
        await silo.Log.EndTurnAsync(tail, End(prompt.Length, answer.Length, start + prompt.Length + answer.Length), s_time, null);
    }

    private static async Task<int> LengthAsync(SiloHarness silo, string id) => (await silo.Log.OpenSessionAsync(id))!.Session.Length;
}
