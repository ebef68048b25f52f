using Google.Protobuf;
using OrleansLM.Cluster.Tests.Processes;
using OrleansLM.Contracts.V1;

namespace OrleansLM.Cluster.Tests.Recovery;

/// <summary>A model with a recurrent state beside one with a KV cache, in one process: sessions of the former keep the same promises.</summary>
public sealed class RecurrentSessionTests
{
    private const string Model = "tiny-supra";

    [Fact]
    public async Task A_recurrent_session_survives_SIGKILL_fork_and_rollback_with_the_same_tokens()
    {
        await using var server = await ServerProcess.StartAsync("--model", Repository.RecurrentModel, "--state-mib", "64");
        var reference = await GenerateAsync(server, await CreateAsync(server), "Once upon a time", tokens: 60);
        Assert.Equal(60, reference.Tokens.Count);

        var session = await CreateAsync(server);
        var before = new ReceivedTurn();
        using (var call = server.Sessions.Generate(Request(session, "Once upon a time", 60)))
        {
            await before.ReadAsync(call, tokens: 23);
            await server.RestartAsync();
        }

        using (var resumed = server.Sessions.Resume(new ResumeRequest { SessionId = session, TurnId = before.TurnId, FromOffset = before.NextOffset }))
        {
            var after = await ReceivedTurn.ReadAsync(resumed);
            Assert.Equal(reference.Tokens, before.Tokens.Concat(after.Tokens));
        }

        var branchAt = reference.Tokens[20].Offset;
        var fork = await server.Sessions.ForkAsync(new ForkRequest { SessionId = session, Position = branchAt });
        Assert.Equal(reference.Ids.Skip(20), (await GenerateAsync(server, fork.SessionId, null, 40)).Ids);
        await server.Sessions.RollbackAsync(new RollbackRequest { SessionId = session, Position = branchAt });
        Assert.Equal(reference.Ids.Skip(20), (await GenerateAsync(server, session, null, 40)).Ids);
    }

    [Fact]
    public async Task A_rollback_by_1_100_and_5000_tokens_goes_on_as_if_the_session_had_never_gone_further()
    {
        await using var server = await ServerProcess.StartAsync("--model", Repository.RecurrentModel, "--state-mib", "64", "--threads", "1", "--checkpoint-tokens", "64");
        int[] ids = [1, .. Enumerable.Range(0, 5200).Select(i => 300 + (int)((uint)(i * 7919) % 3500))];
        foreach (var (length, tokens) in new[] { (300, 1), (300, 100), (5100, 5000) })
        {
            var plain = await CreateAsync(server);
            await AppendAsync(server, plain, ids[..(length - tokens)]);
            var session = await CreateAsync(server);
            await AppendAsync(server, session, ids[..length]);
            await server.Sessions.RollbackAsync(new RollbackRequest { SessionId = session, Position = -tokens });
            Assert.Equal((await GenerateAsync(server, plain, null, 8)).Ids, (await GenerateAsync(server, session, null, 8)).Ids);
        }
    }

    [Fact]
    public async Task Both_kinds_of_state_are_served_slept_on_and_carried_away_by_one_process()
    {
        await using var server = await ServerProcess.StartAsync("--model", Repository.RecurrentModel, "--state-mib", "64", "--threads", "1");
        string[] models = ["tiny-yarn-mistral-128k", Model];
        var plain = await Task.WhenAll(models.Select(async model => await ThreeTurnsAsync(server, model, _ => Task.CompletedTask)));
        var slept = await Task.WhenAll(models.Select(async model => await ThreeTurnsAsync(server, model, async session =>
        {
            var asleep = await server.Sessions.SleepAsync(new SleepSessionRequest { SessionId = session });
            Assert.Equal(0, asleep.ComputedLength);
            Assert.True(asleep.SnapshotLength > 0);
        })));
        Assert.Equal(plain[0].Ids, slept[0].Ids);
        Assert.Equal(plain[1].Ids, slept[1].Ids);

        var pieces = new List<ByteString>();
        using (var export = server.Sessions.Export(new ExportSessionRequest { SessionId = slept[1].Session }))
        {
            while (await export.ResponseStream.MoveNext(CancellationToken.None))
            {
                pieces.Add(export.ResponseStream.Current.Data);
            }
        }

        using var import = server.Sessions.Import();
        await import.RequestStream.WriteAsync(new ImportSessionRequest { SessionId = "carried", Data = Assert.Single(pieces) });
        await import.RequestStream.CompleteAsync();
        var carried = await import.ResponseAsync;
        Assert.Equal(carried.Length - 1, carried.ComputedLength);
        Assert.Equal((await GenerateAsync(server, slept[1].Session, null, 8)).Ids, (await GenerateAsync(server, "carried", null, 8)).Ids);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    public async Task A_checkpoint_interval_of_nothing_stops_the_start(string interval)
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => ServerProcess.StartAsync("--checkpoint-tokens", interval));
        Assert.Contains($"CheckpointTokens is {interval}; expected a value in [16, 1048576]", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_session_that_may_outgrow_the_trained_length_says_so_in_the_response_metadata()
    {
        await using var server = await ServerProcess.StartAsync("--model", Repository.RecurrentModel, "--state-mib", "64");
        using var within = server.Sessions.Generate(Request(await CreateAsync(server), "Once", 4));
        await ReceivedTurn.ReadAsync(within);
        Assert.Null((await within.ResponseHeadersAsync).GetValue("orleanslm-notice"));

        var session = await CreateAsync(server);
        using var beyond = server.Sessions.Generate(Request(session, "Once", 4000));
        var started = new ReceivedTurn();
        await started.ReadAsync(beyond, tokens: 1);
        await server.Sessions.CancelAsync(new CancelRequest { SessionId = session });
        Assert.Contains("2048", (await beyond.ResponseHeadersAsync).GetValue("orleanslm-notice"), StringComparison.Ordinal);
        Assert.Contains("2048", started.Started!.Notice, StringComparison.Ordinal);
    }

    private static async Task<(string Session, int[] Ids)> ThreeTurnsAsync(ServerProcess server, string model, Func<string, Task> between)
    {
        var session = (await server.Sessions.CreateAsync(new CreateSessionRequest { Model = model })).SessionId;
        var ids = new List<int>();
        foreach (var text in new[] { "It was a dark night", " and the rain", " fell" })
        {
            ids.AddRange((await GenerateAsync(server, session, text, 10)).Ids);
            await between(session);
        }

        return (session, [.. ids]);
    }

    private static async Task AppendAsync(ServerProcess server, string session, int[] ids)
    {
        using var call = server.Sessions.Append(new AppendRequest { SessionId = session, Input = new Input { Tokens = new TokenIds { Ids = { ids } } } });
        await ReceivedTurn.ReadAsync(call);
    }

    private static async Task<ReceivedTurn> GenerateAsync(ServerProcess server, string session, string? text, int tokens)
    {
        using var call = server.Sessions.Generate(Request(session, text, tokens));
        return await ReceivedTurn.ReadAsync(call);
    }

    private static GenerateRequest Request(string session, string? text, int tokens) => new()
    {
        SessionId = session,
        Input = text is null ? null : new Input { Text = text },
        Stop = new StopConditions { MaxTokens = tokens, IgnoreEos = true },
    };

    private static async Task<string> CreateAsync(ServerProcess server) =>
        (await server.Sessions.CreateAsync(new CreateSessionRequest { Model = Model })).SessionId;
}
