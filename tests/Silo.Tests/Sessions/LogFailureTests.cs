using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Messages;
using OrleansLM.Engine.Runtime;
using OrleansLM.Silo.Log;
using OrleansLM.Silo.Tests.Doubles;
using static OrleansLM.Silo.Tests.Doubles.SessionCalls;

namespace OrleansLM.Silo.Tests.Sessions;

/// <summary>The disk is full: what is refused changes nothing, and what was delivered is not lost.</summary>
public sealed class LogFailureTests
{
    private static readonly int[] s_prompt = [1, 500, 600];

    [Fact]
    public async Task A_turn_that_cannot_be_logged_does_not_begin()
    {
        await using var silo = await SiloHarness.StartAsync();
        var session = await silo.CreateAsync("a");
        await session.RunAsync(Command(s_prompt));
        silo.Faults.Failing.Add(nameof(ISessionLog.BeginTurnAsync));
        Assert.Equal("SESSION_LOG_FULL", (await Assert.ThrowsAsync<OrleansLMException>(() => session.RunAsync(Command([9])))).Reason);
        Assert.Equal((11, null), ((await session.InfoAsync()).Length, (await session.InfoAsync()).ActiveTurnId));
        silo.Faults.Failing.Clear();
        var context = await session.TokensAsync();
        Assert.Equal(FakeEngine.Generate([.. context, 9], 1, 8), (await session.RunAsync(Command([9]))).Ids());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_turn_whose_end_cannot_be_logged_goes_on_when_it_can(bool nothingIsLogged)
    {
        await using var silo = await SiloHarness.StartAsync();
        var session = await silo.CreateAsync("a");
        silo.Faults.Failing.Add(nameof(ISessionLog.EndTurnAsync));
        if (nothingIsLogged)
        {
            silo.Faults.Failing.Add(nameof(ISessionLog.Schedule));
        }

        var reader = await session.StartAsync(Command(s_prompt));
        var seen = new List<TurnEvent>();
        var failure = await Assert.ThrowsAsync<OrleansLMException>(async () =>
        {
            await foreach (var item in reader.ReadAsync())
            {
                seen.Add(item);
            }
        });
        Assert.Equal(ErrorCode.ResourceExhausted, failure.Code);
        Assert.Equal(8, seen.Ids().Length);
        Assert.Equal(reader.TurnId, (await session.InfoAsync()).ActiveTurnId);
        silo.Faults.Failing.Clear();
        var rest = await session.ResumeAsync(seen[^1].Offset + 1);
        Assert.Empty(rest.Ids());
        Assert.Equal(TurnFinishReason.Length, rest[^1].Finished!.Reason);
        Assert.Equal(s_prompt.Concat(seen.Ids()), await session.TokensAsync());
    }

    [Fact]
    public async Task A_failed_turn_that_cannot_be_removed_is_taken_for_interrupted()
    {
        await using var silo = await SiloHarness.StartAsync();
        var session = await silo.CreateAsync("a");
        silo.Engine.Fault = (3, new EngineException(EngineError.Internal, "fault"));
        silo.Faults.Failing.Add(nameof(ISessionLog.AbandonTurnAsync));
        var reader = await session.StartAsync(Command(s_prompt));
        Assert.Equal(ErrorCode.Internal, (await Assert.ThrowsAsync<OrleansLMException>(reader.AllAsync)).Code);
        silo.Faults.Failing.Clear();
        silo.Engine.Fault = null;
        Assert.Equal(reader.TurnId, (await session.InfoAsync()).ActiveTurnId);
        Assert.Equal(FakeEngine.Generate(s_prompt, 1, 8), (await session.ResumeAsync(0)).Ids());
    }

    [Fact]
    public async Task Edits_that_cannot_be_logged_change_nothing()
    {
        await using var silo = await SiloHarness.StartAsync();
        var session = await silo.CreateAsync("a");
        await session.RunAsync(Command(s_prompt));
        await session.AddCheckpointAsync("c", 2, CancellationToken.None);
        var before = await session.InfoAsync();
        var tokens = await session.TokensAsync();
        foreach (var (method, call) in new (string, Func<Task>)[]
        {
            (nameof(ISessionLog.RollbackAsync), () => session.RollBackAsync(new RollbackSession { Position = 1 }, CancellationToken.None)),
            (nameof(ISessionLog.CreateAsync), () => session.ForkAsync(new ForkSession { NewSessionId = "b" }, CancellationToken.None)),
            (nameof(ISessionLog.AddCheckpointAsync), () => session.AddCheckpointAsync("d", 1, CancellationToken.None)),
            (nameof(ISessionLog.RemoveCheckpointAsync), () => session.RemoveCheckpointAsync("c", CancellationToken.None)),
            (nameof(ISessionLog.DeleteAsync), () => session.DeleteAsync(CancellationToken.None)),
        })
        {
            silo.Faults.Failing.Add(method);
            Assert.Equal(ErrorCode.ResourceExhausted, (await Assert.ThrowsAsync<OrleansLMException>(call)).Code);
            silo.Faults.Failing.Clear();
            Assert.Equivalent(before, await session.InfoAsync());
            Assert.Equal(tokens, await session.TokensAsync());
            Assert.Equal(1, silo.Engine.LiveSequences);
        }
    }
}
