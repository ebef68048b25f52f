using OrleansLM.Cluster.Tests.Processes;
using OrleansLM.Contracts.V1;

namespace OrleansLM.Cluster.Tests.Recovery;

/// <summary>Crashes at the other moments of a turn's life: before its first token, in a long prefill, and between edits.</summary>
public sealed class CrashPointTests
{
    [Fact]
    public async Task A_turn_killed_before_its_first_token_and_asked_for_again_is_the_same_turn()
    {
        await using var server = await ServerProcess.StartAsync("--state-mib", "64");
        var request = Generations.Create(1, await CreateAsync(server, "again"));
        request.IdempotencyKey = "only-once";
        var before = new ReceivedTurn();
        using (var call = server.Sessions.Generate(request))
        {
            await before.ReadAsync(call, tokens: 0);
            await server.KillAsync();
        }

        await server.StartAsync();
        using var again = server.Sessions.Generate(request);
        var after = await ReceivedTurn.ReadAsync(again);
        var undisturbed = await UndisturbedAsync(server, Generations.Create(1, "undisturbed"));
        Assert.Equal(before.TurnId, after.TurnId);
        Assert.True(after.Started!.Resumed);
        Assert.Equal(undisturbed.Tokens, after.Tokens);
        Assert.Equal(after.Finished!.Usage.SessionLength, (await server.Sessions.GetAsync(new GetSessionRequest { SessionId = "again" })).Length);
    }

    [Fact]
    public async Task A_turn_killed_while_its_long_prompt_is_computed_goes_on()
    {
        await using var server = await ServerProcess.StartAsync("--state-mib", "96");
        var request = await LongRequestAsync(server, await CreateAsync(server, "long"), tokens: 4096);
        var before = new ReceivedTurn();
        using (var call = server.Sessions.Generate(request))
        {
            await before.ReadAsync(call, tokens: 0);
            await server.KillAsync();
        }

        Assert.Empty(before.Tokens);
        await server.StartAsync();
        using var resumed = server.Sessions.Resume(new ResumeRequest { SessionId = "long", TurnId = before.TurnId });
        var after = await ReceivedTurn.ReadAsync(resumed);
        var again = await LongRequestAsync(server, "undisturbed", tokens: 4096);
        var undisturbed = await UndisturbedAsync(server, again);
        Assert.Equal(undisturbed.Tokens, after.Tokens);
        Assert.Equal(16, after.Tokens.Count);
    }

    [Fact]
    public async Task Edits_that_were_answered_survive_and_others_leave_no_half()
    {
        await using var server = await ServerProcess.StartAsync("--state-mib", "64");
        var session = await CreateAsync(server, "edited");
        var turn = await GenerateAsync(server, Generations.Create(0, session));
        var all = (await HistoryAsync(server, session))[..];
        var random = new Random(99);
        for (var round = 0; round < 3; round++)
        {
            var (length, forks) = (all.Length, new List<(string Id, int Position)>());
            using var stop = new CancellationTokenSource();
            var edits = Task.Run(async () =>
            {
                for (var i = 0; !stop.IsCancellationRequested && length > 12; i++)
                {
                    var name = $"fork-{round}-{i}";
                    await server.Sessions.ForkAsync(new ForkRequest { SessionId = session, NewSessionId = name, Position = length - 1 });
                    forks.Add((name, length - 1));
                    await server.Sessions.RollbackAsync(new RollbackRequest { SessionId = session, Position = length - 1 });
                    length--;
                }
            });
            await Task.Delay(random.Next(5, 60));
            await server.KillAsync();
            await stop.CancelAsync();
            await Assert.ThrowsAsync<Grpc.Core.RpcException>(() => edits);
            await server.StartAsync();

            var found = await HistoryAsync(server, session);
            Assert.InRange(found.Length, length - 1, length);
            Assert.Equal(all[..found.Length], found);
            foreach (var (id, position) in forks)
            {
                Assert.Equal(all[..position], await HistoryAsync(server, id));
            }

            // The same seed and position: what was rolled back comes again.
            var request = new GenerateRequest { SessionId = session, Stop = new StopConditions { MaxTokens = all.Length - found.Length, IgnoreEos = true } };
            if (found.Length < all.Length)
            {
                Assert.Equal(all[found.Length..], (await GenerateAsync(server, request)).Ids);
            }
        }

        Assert.Equal(Generations.Tokens, turn.Tokens.Count);
    }

    private static async Task<string> CreateAsync(ServerProcess server, string id) =>
        (await server.Sessions.CreateAsync(new CreateSessionRequest { SessionId = id })).SessionId;

    private static async Task<ReceivedTurn> GenerateAsync(ServerProcess server, GenerateRequest request)
    {
        using var call = server.Sessions.Generate(request);
        return await ReceivedTurn.ReadAsync(call);
    }

    private static async Task<ReceivedTurn> UndisturbedAsync(ServerProcess server, GenerateRequest request)
    {
        await CreateAsync(server, request.SessionId);
        return await GenerateAsync(server, request);
    }

    private static async Task<GenerateRequest> LongRequestAsync(ServerProcess server, string session, int tokens)
    {
        var text = (await File.ReadAllTextAsync(Repository.Novel))[..(tokens * 5)];
        var ids = (await server.Models.TokenizeAsync(new TokenizeRequest { Input = new Input { Text = text }, AddBos = true })).Ids;
        Assert.True(ids.Count >= tokens);
        return new GenerateRequest
        {
            SessionId = session,
            Input = new Input { Tokens = new TokenIds { Ids = { ids.Take(tokens) } } },
            Stop = new StopConditions { MaxTokens = 16, IgnoreEos = true },
        };
    }

    private static async Task<int[]> HistoryAsync(ServerProcess server, string session) =>
        [.. (await server.Sessions.GetHistoryAsync(new GetHistoryRequest { SessionId = session })).TokenIds];
}
