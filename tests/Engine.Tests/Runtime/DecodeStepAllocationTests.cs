using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Sampling;

namespace OrleansLM.Engine.Tests.Runtime;

public sealed class DecodeStepAllocationTests
{
    [Theory]
    [InlineData(1, false)]
    [InlineData(8, false)]
    [InlineData(4, true)]
    public void A_decode_step_allocates_nothing(int batch, bool recurrent)
    {
        // Tables grow by doubling now and then; here they have their size before the count begins. Bytes, which become characters, are left out: a text that
        // is put together is a new string.
        using var rig = new LoopRig(pages: 40, pageTokens: 256, budget: 32, context: 4000, recurrent: recurrent, records: false);
        var sampling = new SamplingParameters
        {
            Temperature = 0.8f,
            TopP = 0.9f,
            RepetitionPenalty = 1.1f,
            LogitBias = Enumerable.Range(20, 300).ToDictionary(id => id, _ => -100f),
        };
        var turns = Enumerable.Range(0, batch).Select(i => rig.Create().Submit(LoopRig.Request(LoopRig.Tokens(20, i), 600, sampling))).ToArray();
        for (var step = 0; step < 250; step++)
        {
            Step(rig, turns);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var step = 0; step < 300; step++)
        {
            Step(rig, turns);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(batch, rig.Loop.Counters.Running);
    }

    private static void Step(LoopRig rig, IEngineTurn[] turns)
    {
        rig.Loop.RunOnce();
        foreach (var turn in turns)
        {
            while (turn.Output.TryRead(out _))
            {
            }
        }
    }
}
