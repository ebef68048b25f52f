using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Messages;
using OrleansLM.Gateway.Routing;

namespace OrleansLM.Gateway.Tests.Routing;

/// <summary>Over several silos, every event is passed on once and none is left out.</summary>
public sealed class TurnProgressTests
{
    [Fact]
    public void What_another_silo_says_again_is_left_out()
    {
        var progress = new TurnProgress(null, 0);
        TurnEvent[] first = [Event(TurnEventKind.Started, 5), Prefill(2), Prefill(5), Event(TurnEventKind.Token, 5), Event(TurnEventKind.Token, 6)];
        Assert.All(first, item => Assert.Same(item, progress.Take(item)));
        Assert.Equal(7, progress.NextOffset);

        TurnEvent[] second = [Event(TurnEventKind.Started, 7), Prefill(3), Prefill(7), Event(TurnEventKind.Token, 6), Event(TurnEventKind.Token, 7), Event(TurnEventKind.Finished, 8)];
        Assert.Equal([second[2], second[4], second[5]], second.Select(progress.Take).OfType<TurnEvent>());
        Assert.True(progress.IsEnded);
    }

    [Fact]
    public void A_token_that_is_missing_is_an_error()
    {
        var progress = new TurnProgress(null, 0);
        progress.Take(Event(TurnEventKind.Started, 5));
        progress.Take(Event(TurnEventKind.Token, 5));
        var failure = Assert.Throws<OrleansLMException>(() => progress.Take(Event(TurnEventKind.Token, 7)));
        Assert.Equal(ErrorCode.DataLoss, failure.Code);
    }

    [Fact]
    public void A_resumed_stream_goes_on_where_its_caller_asked()
    {
        var progress = new TurnProgress("t", 9);
        Assert.False(progress.HasStarted);
        progress.Take(Event(TurnEventKind.Started, 9));
        Assert.Equal(("t", 9), (progress.TurnId, progress.NextOffset));
        Assert.NotNull(progress.Take(Event(TurnEventKind.Token, 9)));
    }

    private static TurnEvent Event(TurnEventKind kind, int offset) => new() { Kind = kind, TurnId = "t", Offset = offset };

    private static TurnEvent Prefill(int computed) => new() { Kind = TurnEventKind.PrefillProgress, TurnId = "t", Offset = 5, Computed = computed, Total = 7 };
}
