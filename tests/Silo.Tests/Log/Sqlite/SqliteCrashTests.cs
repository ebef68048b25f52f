using OrleansLM.Silo.Log;
using OrleansLM.Silo.Tests.Doubles;
using static OrleansLM.Silo.Tests.Log.Kinds.Records;

namespace OrleansLM.Silo.Tests.Log.Sqlite;

/// <summary>What is on the disk when a process dies.</summary>
public sealed class SqliteCrashTests
{
    [Fact]
    public async Task A_session_survives_a_kill_at_any_moment()
    {
        await using var silo = await SiloHarness.StartAsync(logOptions: new SessionLogOptions { GroupInterval = TimeSpan.Zero });
        var handle = await CreateAsync(silo.Log, "a");
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
        var handle = await CreateAsync(silo.Log, "a");
        for (var i = 0; i < 10; i++)
        {
            await RunTurnAsync(silo.Log, handle, $"t{i}", i * 2, [i * 2], [(i * 2) + 1]);
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
}
