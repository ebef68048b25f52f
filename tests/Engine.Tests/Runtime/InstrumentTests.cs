using System.Diagnostics;
using OrleansLM.Engine.Runtime.Diagnostics;

namespace OrleansLM.Engine.Tests.Runtime;

public sealed class InstrumentTests
{
    [Fact]
    public void Metrics_tell_what_happened()
    {
        var clock = new ManualTimeProvider();
        using var meters = new MeterRecorder();
        using var rig = new LoopRig(pages: 8, budget: 32, time: clock, meters: meters);
        rig.Create().Submit(LoopRig.Request(LoopRig.Tokens(40, 1), 3));
        clock.Advance(TimeSpan.FromSeconds(2));
        rig.Loop.RunOnce();
        clock.Advance(TimeSpan.FromSeconds(3));
        rig.Loop.RunOnce();
        clock.Advance(TimeSpan.FromSeconds(1));
        rig.RunUntilIdle();
        rig.Create().Submit(LoopRig.Request(LoopRig.Tokens(90, 2), 1));
        rig.RunUntilIdle();
        Assert.Equal([2, 0], meters.Of("orleanslm.engine.queue_time"));
        Assert.Equal([5, 0], meters.Of("orleanslm.engine.time_to_first_token"));
        Assert.Equal([1, 0], meters.Of("orleanslm.engine.inter_token_latency"));
        Assert.Equal([32, 8, 1, 1, 32, 32, 26], meters.Of("orleanslm.engine.step.rows"));
        Assert.Equal([1, 1, 1, 1, 1, 1, 1], meters.Of("orleanslm.engine.step.sequences"));
        Assert.Equal(7, meters.Of("orleanslm.engine.step.duration").Length);
        Assert.Equal([32, 8, 32, 32, 26], meters.Of("orleanslm.engine.prefill.chunk"));
        Assert.Equal(130, meters.Of("orleanslm.engine.tokens.prefilled").Sum());
        Assert.Equal(4, meters.Of("orleanslm.engine.tokens.generated").Sum());
        Assert.Equal(1, meters.Of("orleanslm.engine.state.evictions").Sum());
        Assert.Equal(["length", "length"], meters.Reasons);
        meters.Observe();
        Assert.Equal([6], meters.Of("orleanslm.engine.pages.used"));
        Assert.Equal([8], meters.Of("orleanslm.engine.pages.total"));
        Assert.Equal([0], meters.Of("orleanslm.engine.turns.running"));
        Assert.Equal([2], meters.Of("orleanslm.engine.sequences"));
        Assert.All(meters.Instruments, instrument => Assert.False(string.IsNullOrEmpty(instrument.Unit) || string.IsNullOrEmpty(instrument.Description), instrument.Name));
    }

    [Fact]
    public void A_turn_is_an_activity_below_its_callers()
    {
        var stopped = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == EngineInstruments.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                lock (stopped)
                {
                    stopped.Add(activity);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        using var caller = new Activity("caller").Start();
        using var rig = new LoopRig();
        rig.Create().Submit(LoopRig.Request(LoopRig.Tokens(10), 2));
        var bad = rig.Create().Submit(LoopRig.Request([HashChain.NotFiniteToken], 2));
        Assert.Same(caller, Activity.Current);
        rig.RunUntilIdle();
        LoopRig.Error(bad);
        lock (stopped)
        {
            var own = stopped.Where(activity => activity.ParentSpanId == caller.SpanId).OrderBy(activity => activity.StartTimeUtc).ToList();
            Assert.Equal([ActivityStatusCode.Unset, ActivityStatusCode.Error], own.Select(activity => activity.Status));
            Assert.Equal("length", own[0].GetTagItem("orleanslm.finish_reason"));
        }
    }
}
