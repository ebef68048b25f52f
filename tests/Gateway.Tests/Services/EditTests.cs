using OrleansLM.Contracts.V1;
using OrleansLM.Gateway.Tests.Serving;

namespace OrleansLM.Gateway.Tests.Services;

/// <summary>Forks, rollbacks and checkpoints change where a session stands, never what it says from there.</summary>
[Collection(ServerCollection.Name)]
public sealed class EditTests(SharedServer shared)
{
    private static readonly SamplingParameters s_sampling = new() { Temperature = 0.8f, Seed = 5, RepetitionPenalty = 1.1f };

    private LiveServer Server => shared.Live;

    [Theory]
    [InlineData(1)]
    [InlineData(40)]
    [InlineData(64)]
    [InlineData(99)]
    public async Task A_fork_goes_on_as_its_parent_did(int position)
    {
        var (parent, all) = await GeneratedAsync();
        var fork = await Server.Sessions.ForkAsync(new ForkRequest { SessionId = parent, Position = position, Metadata = { { "branch", "b" } } });
        Assert.Equal((parent, position, position, "b"), (fork.ParentSessionId, (int)fork.ParentPosition, (int)fork.Length, fork.Metadata["branch"]));
        await ContinueAsync(fork.SessionId, all, position);
        Assert.Equal(all, await Server.HistoryAsync(parent));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(63, 63)]
    [InlineData(-1, 99)]
    public async Task A_rolled_back_session_says_the_same_again(int to, int length)
    {
        var (session, all) = await GeneratedAsync();
        var rolled = await Server.Sessions.RollbackAsync(new RollbackRequest { SessionId = session, Position = to });
        Assert.Equal(length, rolled.Length);
        Assert.Equal(all[..length], await Server.HistoryAsync(session));
        await ContinueAsync(session, all, length);
    }

    [Fact]
    public async Task Checkpoints_are_places_to_go_back_to_and_fork_from()
    {
        var (session, all) = await GeneratedAsync();
        await Server.Sessions.CreateCheckpointAsync(new CreateCheckpointRequest { SessionId = session, Name = "early", Position = 20 });
        await Server.Sessions.CreateCheckpointAsync(new CreateCheckpointRequest { SessionId = session, Name = "late", Position = 80 });
        var fork = await Server.Sessions.ForkAsync(new ForkRequest { SessionId = session, Checkpoint = "late" });
        Assert.Equal(80, fork.Length);
        var rolled = await Server.Sessions.RollbackAsync(new RollbackRequest { SessionId = session, Checkpoint = "early" });
        Assert.Equal((20L, "early"), (rolled.Length, Assert.Single(rolled.Checkpoints).Name));
        Assert.Empty((await Server.Sessions.DeleteCheckpointAsync(new DeleteCheckpointRequest { SessionId = session, Name = "early" })).Checkpoints);
        await ContinueAsync(fork.SessionId, all, 80);
        await ContinueAsync(session, all, 20);
    }

    private async Task<(string Session, int[] Tokens)> GeneratedAsync()
    {
        var session = await Server.OpenAsync("The carriage stopped before the house, and");
        await GenerateAsync(session.SessionId, 100 - (int)session.Length);
        var all = await Server.HistoryAsync(session.SessionId);
        Assert.Equal(100, all.Length);
        return (session.SessionId, all);
    }

    /// <summary>Input that is given again, as the parent's prompt was, then generation to the same length.</summary>
    private async Task ContinueAsync(string session, int[] all, int position)
    {
        var prompt = (await Server.Models.TokenizeAsync(new TokenizeRequest { Input = new Input { Text = "The carriage stopped before the house, and" }, AddBos = true })).Ids.Count;
        if (position < prompt)
        {
            using var call = Server.Sessions.Append(new AppendRequest { SessionId = session, Input = new Input { Tokens = new TokenIds { Ids = { all[position..prompt] } } } });
            await ReceivedTurn.ReadAsync(call);
        }

        await GenerateAsync(session, all.Length - Math.Max(position, prompt));
        Assert.Equal(all, await Server.HistoryAsync(session));
    }

    private Task<ReceivedTurn> GenerateAsync(string session, int tokens) => Server.GenerateAsync(new GenerateRequest
    {
        SessionId = session,
        Sampling = s_sampling,
        Stop = new StopConditions { MaxTokens = tokens, IgnoreEos = true },
    });
}
