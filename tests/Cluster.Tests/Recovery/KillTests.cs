using OrleansLM.Cli.Client;
using OrleansLM.Cluster.Tests.Processes;
using OrleansLM.Contracts.V1;

namespace OrleansLM.Cluster.Tests.Recovery;

/// <summary>Promise 3: what was delivered is part of the session, and after a crash the stream goes on with the next token.</summary>
public sealed class KillTests
{
    private const int Kills = 20;

    [Fact]
    public async Task After_SIGKILL_a_stream_goes_on_with_the_next_token()
    {
        await using var server = await ServerProcess.StartAsync("--state-mib", "64");
        var references = await ReferencesAsync(server);
        var random = new Random(4711);
        for (var kill = 0; kill < Kills; kill++)
        {
            var reference = references[kill % Generations.Kinds];
            await KillOnceAsync(server, kill, reference, random.Next(reference.Tokens.Count), fromEarlier: kill % 3 == 2 ? random.Next(1000) : 0);
        }
    }

    [Fact]
    public async Task The_client_goes_on_by_itself_when_the_server_is_back()
    {
        await using var server = await ServerProcess.StartAsync("--state-mib", "64");
        var reference = await ReferenceAsync(server, kind: 1);
        var session = await CreateAsync(server, "resilient");
        var losses = new List<bool>();
        var turn = new ResilientTurn(server.Sessions, session) { ConnectionLost = losses.Add };
        var received = new ReceivedTurn();
        var restart = Task.CompletedTask;
        await foreach (var item in turn.GenerateAsync(Generations.Create(1, session), CancellationToken.None))
        {
            received.Take(item);
            if (received.Tokens.Count == 20 && restart.IsCompleted && losses.Count == 0)
            {
                await server.KillAsync();
                restart = server.StartAsync();
            }
        }

        await restart;
        Assert.Equal(reference.Tokens, received.Tokens);
        Assert.Equal(reference.Text, received.Text);
        Assert.Equal([true, false], losses);
    }

    private static async Task<ReceivedTurn[]> ReferencesAsync(ServerProcess server)
    {
        var references = new ReceivedTurn[Generations.Kinds];
        for (var kind = 0; kind < references.Length; kind++)
        {
            references[kind] = await ReferenceAsync(server, kind);
        }

        return references;
    }

    private static async Task<ReceivedTurn> ReferenceAsync(ServerProcess server, int kind)
    {
        var session = await CreateAsync(server, $"undisturbed-{kind}");
        using var call = server.Sessions.Generate(Generations.Create(kind, session));
        var reference = await ReceivedTurn.ReadAsync(call);
        Assert.NotNull(reference.Finished);
        Assert.True(reference.Tokens.Count >= 30, $"the undisturbed run of kind {kind} has {reference.Tokens.Count} tokens, too few to be interrupted");
        return reference;
    }

    private static async Task KillOnceAsync(ServerProcess server, int number, ReceivedTurn reference, int deliveredTokens, int fromEarlier)
    {
        var session = await CreateAsync(server, $"killed-{number}");
        var before = new ReceivedTurn();
        using (var call = server.Sessions.Generate(Generations.Create(number % Generations.Kinds, session)))
        {
            await before.ReadAsync(call, deliveredTokens);
            await server.KillAsync();
        }

        await server.StartAsync();
        var from = Math.Max(0, before.NextOffset - fromEarlier);
        using var resumed = server.Sessions.Resume(new ResumeRequest { SessionId = session, TurnId = before.TurnId, FromOffset = from });
        var after = await ReceivedTurn.ReadAsync(resumed);
        var context = $"kill {number} after {deliveredTokens} tokens, resumed from {from}; server wrote:\n{server.Errors}";
        Assert.True(after.Started!.Resumed, context);
        AssertEqual(reference.Tokens, [.. before.Tokens.Where(token => token.Offset < from), .. after.Tokens], context);
        AssertEqual(reference.Tokens.Take(before.Tokens.Count), before.Tokens, context);
        Assert.Equal(reference.Finished!.Reason, after.Finished!.Reason);
        Assert.Equal(reference.Finished.Text, after.Finished.Text);
        await AssertHistoryAsync(server, session, reference);
    }

    private static async Task AssertHistoryAsync(ServerProcess server, string session, ReceivedTurn reference)
    {
        var history = await server.Sessions.GetHistoryAsync(new GetHistoryRequest { SessionId = session });
        Assert.Equal(reference.Ids, history.TokenIds.Skip(reference.Started!.PromptTokens));
        Assert.Equal(reference.Finished!.Usage.SessionLength, history.TokenIds.Count);
        var info = await server.Sessions.GetAsync(new GetSessionRequest { SessionId = session });
        Assert.Equal("", info.ActiveTurnId);
        Assert.Equal(history.TokenIds.Count, info.Length);
    }

    private static async Task<string> CreateAsync(ServerProcess server, string id) =>
        (await server.Sessions.CreateAsync(new CreateSessionRequest { SessionId = id })).SessionId;

    private static void AssertEqual(IEnumerable<ReceivedToken> expected, List<ReceivedToken> found, string context) =>
        Assert.True(expected.SequenceEqual(found), $"expected {Shown(expected)}\nfound    {Shown(found)}\n{context}");

    private static string Shown(IEnumerable<ReceivedToken> tokens) => string.Join(' ', tokens.Select(token => $"{token.Offset}:{token.Id}"));
}
