using OrleansLM.Contracts.Errors;
using OrleansLM.Silo.Log;
using OrleansLM.Silo.Log.Postgres;
using OrleansLM.Silo.Log.Sql;
using OrleansLM.Silo.Tests.Log.Kinds;
using static OrleansLM.Silo.Tests.Log.Kinds.Records;

namespace OrleansLM.Silo.Tests.Log.Postgres;

/// <summary>The database goes away and comes back: writes wait for it, none is lost and none is done twice.</summary>
[Collection(PostgresCollection.Name)]
public sealed class PostgresOutageTests(SharedPostgres postgres)
{
    [Theory, PostgresLog]
    public async Task Writes_and_reads_wait_for_a_server_that_is_away(SessionLogKind kind)
    {
        await using var silo = await LogRig.StartAsync(kind, postgres);
        var server = await postgres.Server;
        var handle = await CreateAsync(silo.Log, "a");
        await silo.Log.BeginTurnAsync(handle, Turn("t1", 0, 1), new[] { 0 }, null);
        var tail = new TurnTail(handle, "t1", 1);
        for (var round = 0; round < 2; round++)
        {
            await server.StopAsync(crash: round == 1);
            tail.Append(round + 1);
            silo.Log.Schedule(tail, urgent: true);
            var (written, created, read) = (silo.Log.FlushAsync(), silo.Log.CreateAsync(Session($"b{round}"), new[] { 5 }, [], int.MaxValue), silo.Log.ListUnfinishedTurnsAsync());
            Assert.False(written.IsCompleted || created.IsCompleted || read.IsCompleted);
            await server.BeginAsync();
            await written;
            await created;
            Assert.Single(await read);
            Assert.Equal(Enumerable.Range(0, round + 2), (IEnumerable<int>)await silo.Log.ReadTokensAsync(handle, 0, round + 2));
        }
    }

    [Theory, PostgresLog]
    public async Task Nothing_is_lost_or_written_twice_when_the_server_restarts_under_writes(SessionLogKind kind)
    {
        await using var silo = await LogRig.StartAsync(kind, postgres, TimeSpan.Zero);
        var server = await postgres.Server;
        var handle = await CreateAsync(silo.Log, "a");
        await silo.Log.BeginTurnAsync(handle, Turn("t1", 0, 1), new[] { 0 }, null);
        var tail = new TurnTail(handle, "t1", 1);
        var written = 1;
        using var stop = new CancellationTokenSource();
        var writer = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                tail.Append(written++);
                silo.Log.Schedule(tail, urgent: true);
                await silo.Log.FlushAsync();
            }
        });
        await server.RestartAsync();
        await server.RestartAsync(crash: true);
        await stop.CancelAsync();
        await writer;
        await silo.Log.EndTurnAsync(tail, End(1, written - 1, written), Time, null);
        Assert.Equal(Enumerable.Range(0, written), (IEnumerable<int>)await silo.Log.ReadTokensAsync(handle, 0, written));
    }

    [Theory, PostgresLog]
    public async Task What_a_crash_took_away_counts_as_not_committed_though_others_commit_afterwards(SessionLogKind kind)
    {
        await using var silo = await LogRig.StartAsync(kind, postgres);
        var server = await postgres.Server;
        await using var one = PostgresLogDatabase.Create(silo.PatientConnection);
        await using var other = PostgresLogDatabase.Create(silo.PatientConnection);
        object? lost;
        await using (var connection = one.OpenWriter())
        {
            lost = one.Begin(connection, durable: true);
            await server.RestartAsync(crash: true);
        }

        // The server hands out again what transaction ids had not reached the disk.
        await using (var connection = other.OpenWriter())
        {
            for (var i = 0; i < 20; i++)
            {
                other.Begin(connection, durable: true);
                connection.Execute("COMMIT");
            }
        }

        await using var again = one.OpenWriter();
        Assert.False(one.WasCommitted(again, lost));
        var kept = one.Begin(again, durable: true);
        again.Execute("COMMIT");
        Assert.True(one.WasCommitted(again, kept));
        Assert.False(one.WasCommitted(again, lost));
    }

    [Theory, PostgresLog]
    public async Task A_transaction_that_is_still_under_way_is_waited_for(SessionLogKind kind)
    {
        await using var silo = await LogRig.StartAsync(kind, postgres);
        await using var database = PostgresLogDatabase.Create(silo.PatientConnection);
        await using var connection = database.OpenWriter();
        await using var second = database.OpenWriter();
        foreach (var end in (string[])["COMMIT", "ROLLBACK", "COMMIT"])
        {
            var transaction = database.Begin(connection, durable: true);
            var committed = Task.Run(() => database.WasCommitted(second, transaction));
            connection.Execute(end);
            Assert.Equal(end == "COMMIT", await committed);
        }
    }

    [Theory, PostgresLog]
    public async Task A_database_that_is_not_there_is_refused_with_its_name(SessionLogKind kind)
    {
        await using var silo = await LogRig.StartAsync(kind, postgres);
        var failure = await Assert.ThrowsAsync<OrleansLMException>(() => silo.OpenAnotherAsync(database: "nowhere"));
        Assert.Equal((ErrorCode.FailedPrecondition, "SESSION_LOG_REFUSED"), (failure.Code, failure.Reason));
        Assert.Contains("nowhere", failure.Message, StringComparison.Ordinal);
    }
}
