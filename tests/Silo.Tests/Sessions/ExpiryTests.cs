using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Messages;
using OrleansLM.Silo.Sessions;
using OrleansLM.Silo.Tests.Doubles;
using static OrleansLM.Silo.Tests.Doubles.SessionCalls;

namespace OrleansLM.Silo.Tests.Sessions;

public sealed class ExpiryTests
{
    private static readonly TimeSpan s_hour = TimeSpan.FromHours(1);

    [Fact]
    public async Task An_idle_session_is_gone_when_its_time_is_up()
    {
        await using var silo = await SiloHarness.StartAsync();
        var session = await silo.CreateAsync("a", new CreateSession { TimeToLive = s_hour });
        silo.Time.Advance(s_hour - TimeSpan.FromTicks(1));
        await session.InfoAsync();
        Assert.Empty(await silo.Log.ListExpiredAsync(silo.Time.GetUtcNow(), 10));
        silo.Time.Advance(TimeSpan.FromTicks(1));
        Assert.Equal(["a"], await silo.Log.ListExpiredAsync(silo.Time.GetUtcNow(), 10));
        Assert.Equal(ErrorCode.NotFound, (await Assert.ThrowsAsync<OrleansLMException>(session.InfoAsync)).Code);
        Assert.Equal(0, silo.Log.SessionCount);
        await silo.CreateAsync("a");
    }

    [Fact]
    public async Task Every_turn_moves_it_and_reading_does_not()
    {
        await using var silo = await SiloHarness.StartAsync();
        var session = await silo.CreateAsync("a", new CreateSession { TimeToLive = s_hour });
        silo.Time.Advance(s_hour / 2);
        await session.InfoAsync();
        Assert.Equal(silo.Time.GetUtcNow() + (s_hour / 2), (await session.InfoAsync()).ExpireTime);
        await session.RunAsync(Command([1]));
        Assert.Equal(silo.Time.GetUtcNow() + s_hour, (await session.InfoAsync()).ExpireTime);
    }

    [Fact]
    public async Task A_running_turn_outlives_the_time()
    {
        await using var silo = await SiloHarness.StartAsync(new FakeEngine(isPaced: true));
        var session = await silo.CreateAsync("a", new CreateSession { TimeToLive = s_hour });
        var reader = await session.StartAsync(Command([1]));
        silo.Time.Advance(2 * s_hour);
        await session.InfoAsync();
        silo.Engine.Allow(8);
        await reader.AllAsync();
        Assert.Equal(silo.Time.GetUtcNow() + s_hour, (await session.InfoAsync()).ExpireTime);
    }

    [Fact]
    public async Task A_session_that_does_not_say_takes_the_servers_time()
    {
        await using var silo = await SiloHarness.StartAsync(options: new SessionOptions { DefaultTimeToLive = s_hour });
        await using var other = await SiloHarness.StartAsync();
        Assert.Equal(silo.Time.GetUtcNow() + s_hour, (await (await silo.CreateAsync("a")).InfoAsync()).ExpireTime);
        Assert.Null((await (await other.CreateAsync("a")).InfoAsync()).ExpireTime);
    }

    [Fact]
    public async Task A_fork_has_a_time_of_its_own()
    {
        await using var silo = await SiloHarness.StartAsync();
        var session = await silo.CreateAsync("a", new CreateSession { TimeToLive = s_hour });
        silo.Time.Advance(s_hour / 2);
        await session.ForkAsync(new ForkSession { NewSessionId = "b" }, CancellationToken.None);
        silo.Time.Advance(s_hour / 2);
        Assert.Equal(["a"], await silo.Log.ListExpiredAsync(silo.Time.GetUtcNow(), 10));
        Assert.Equal(0, (await silo.Owner("b").InfoAsync()).Length);
    }
}
