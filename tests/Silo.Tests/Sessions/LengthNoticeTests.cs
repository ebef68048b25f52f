using OrleansLM.Contracts.Messages;
using OrleansLM.Silo.Tests.Doubles;
using static OrleansLM.Silo.Tests.Doubles.SessionCalls;

namespace OrleansLM.Silo.Tests.Sessions;

public sealed class LengthNoticeTests
{
    private const int Trained = 20;

    [Fact]
    public async Task The_turn_that_goes_beyond_the_trained_length_says_so_and_no_other_does()
    {
        await using var silo = await SiloHarness.StartAsync(new FakeEngine(contextTokens: Trained, isRecurrent: true));
        var session = await silo.CreateAsync("a");
        var notices = new List<string?>();
        for (var turn = 0; turn < 4; turn++)
        {
            // Lengths after the turns: 9, 18, 27, 36.
            notices.Add(NoticeOf(await session.RunAsync(Command([500], maxTokens: 8))));
        }

        Assert.Equal([null, null, "the session may become longer than the 20 tokens that model fake was trained for: it goes on, quality may change", null], notices);
    }

    [Fact]
    public async Task A_turn_that_is_joined_again_says_it_again()
    {
        await using var silo = await SiloHarness.StartAsync(new FakeEngine(contextTokens: Trained, isRecurrent: true));
        var session = await silo.CreateAsync("a");
        var notice = NoticeOf(await session.RunAsync(Command([500], maxTokens: 30)));
        Assert.NotNull(notice);
        Assert.Equal(notice, NoticeOf(await session.ResumeAsync(1)));
    }

    [Fact]
    public async Task A_turn_that_just_fits_says_nothing()
    {
        await using var silo = await SiloHarness.StartAsync(new FakeEngine(contextTokens: Trained, isRecurrent: true));
        var session = await silo.CreateAsync("a");
        Assert.Null(NoticeOf(await session.RunAsync(Command([500], maxTokens: Trained - 1))));
    }

    private static string? NoticeOf(List<TurnEvent> events) => events.Single(item => item.Kind == TurnEventKind.Started).Started!.Notice;
}
