using OrleansLM.Engine.Backends.Cpu;
using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Runtime.Diagnostics;
using OrleansLM.Engine.Runtime.Loop;
using OrleansLM.Engine.Runtime.Stages;
using OrleansLM.Engine.Sampling;
using OrleansLM.Engine.State;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Engine.Tests.Runtime;

public sealed class DecodeStepAllocationTests
{
    [Theory]
    [InlineData(1, false, false)]
    [InlineData(8, false, false)]
    [InlineData(4, true, false)]
    [InlineData(8, false, true)]
    public void A_decode_step_allocates_nothing(int batch, bool recurrent, bool follows)
    {
        // Tables grow by doubling now and then; here they have their size before the count begins. Bytes, which become characters, are left out: a text that
        // is put together is a new string.
        using var rig = new LoopRig(pages: 40, pageTokens: 256, budget: 32, context: 4000, recurrent: recurrent, records: false, follows: follows);
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
            Step(rig.Loop, turns);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var step = 0; step < 300; step++)
        {
            Step(rig.Loop, turns);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(batch, rig.Loop.Counters.Running);
    }

    [Theory]
    [InlineData(TinyEngine.Yarn)]
    [InlineData(TinyEngine.Supra)]
    public void A_decode_step_of_a_real_model_allocates_nothing(string model)
    {
        using var checkpoint = Checkpoint.Open(TestFiles.Model(model));
        var parts = RealParts(checkpoint);
        using var chain = parts.Chain;
        var counters = new EngineCounters();
        using var instruments = new EngineInstruments(null, model, counters, parts.Pool.PageCount);
        using var loop = new EngineLoop(parts, instruments, counters);
        var turns = Enumerable.Range(0, 3).Select(i => loop.NewSequence([1, 100 + i]).Submit(LoopRig.Request([], 200))).ToArray();
        for (var step = 0; step < 20; step++)
        {
            Step(loop, turns);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var step = 0; step < 40; step++)
        {
            Step(loop, turns);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(3, counters.Running);
    }

    private static EngineParts RealParts(Checkpoint checkpoint)
    {
        var backend = new CpuBackend(1);
        var stages = LayerRange.Split(checkpoint.Config.LayerCount, 2)
            .Select(range => StageModel.Load(checkpoint.Config, checkpoint.Weights, range, backend, new StageOptions { StateUnits = 20, MaxRows = 32 }));
        return new EngineParts
        {
            ModelName = checkpoint.Name,
            Config = checkpoint.Config,
            Tokenizer = LoopRig.Tokenizer,
            Options = new EngineOptions { MaxStepTokens = 32 },
            Chain = new LocalStageChain(backend, [.. stages]),
            Pool = new PagePool(20, keepsPrefixes: true),
            Time = TimeProvider.System,
        };
    }

    private static void Step(EngineLoop loop, IEngineTurn[] turns)
    {
        loop.RunOnce();
        foreach (var turn in turns)
        {
            while (turn.Output.TryRead(out _))
            {
            }
        }
    }
}
