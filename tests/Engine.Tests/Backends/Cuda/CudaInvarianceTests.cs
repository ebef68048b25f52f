using OrleansLM.Engine.Models;
using OrleansLM.Engine.Tensors;
using OrleansLM.Engine.Tests.Models;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Engine.Tests.Backends.Cuda;

/// <summary>
/// Invariance (promise 2) on the device, bit for bit: row by row (recorded decode steps) or in chunks of any size (library products, prefill attention), alone or
/// among others, in one stage or several.
/// </summary>
public sealed class CudaInvarianceTests
{
    private const int Length = 700;

    public static TheoryData<string> Models => ["tiny-yarn-mistral-128k", "tiny-supra", "llama", "mistral-window"];

    [CudaTheory]
    [MemberData(nameof(Models))]
    public void Chunks_and_recorded_steps_leave_no_trace(string model)
    {
        var whole = Prefill(model, Setup, Length);
        foreach (var chunk in new[] { 1, 3, 16, 60, 65, 130, 512 })
        {
            Logits.BitEqual(whole, Prefill(model, Setup, chunk), $"chunks of {chunk}");
        }
    }

    [CudaTheory]
    [MemberData(nameof(Models))]
    public void Stages_and_page_ids_leave_no_trace(string model)
    {
        var plain = Prefill(model, Setup, 200);
        Logits.BitEqual(plain, Prefill(model, Setup with { Stages = 3 }, 200), "3 stages");
        Logits.BitEqual(plain, Prefill(model, Setup with { ScrambleSeed = 5 }, 200), "scrambled pages");
    }

    [CudaTheory]
    [MemberData(nameof(Models))]
    public void Other_sequences_in_the_batch_leave_no_trace(string model)
    {
        using var rig = Rig.Open(model, Setup);
        var ids = rig.Tokens(11);
        var other = rig.Tokens(3);
        var alone = rig.Pipeline.Prefill(rig.Pipeline.NewSequence(), ids[..300], chunk: 64);
        var (sequence, neighbour, third) = (rig.Pipeline.NewSequence(), rig.Pipeline.NewSequence(), rig.Pipeline.NewSequence());
        var found = new List<float[]>();
        found.AddRange(rig.Pipeline.Step((neighbour, other[..9]), (sequence, ids[..40]))[1]);
        found.AddRange(rig.Pipeline.Step((sequence, ids[40..41]), (neighbour, other[9..10]), (third, other[..170]))[0]);
        found.AddRange(rig.Pipeline.Step((third, other[170..171]), (sequence, ids[41..207]))[1]);
        for (var i = 207; i < 240; i++)
        {
            found.AddRange(rig.Pipeline.Step((third, other[(i - 36)..(i - 35)]), (sequence, ids[i..(i + 1)]), (neighbour, other[(i - 197)..(i - 196)]))[1]);
        }

        found.AddRange(rig.Pipeline.Step((third, other[204..205]), (neighbour, other[43..90]), (sequence, ids[240..300]))[2]);
        Logits.BitEqual(alone, [.. found], "a mixed batch");
    }

    private static TestSetup Setup => new("cuda") { StateType = DataType.BFloat16, MaxRows = 1024, StateUnits = 64 };

    private static float[][] Prefill(string model, TestSetup setup, int chunk)
    {
        using var rig = Rig.Open(model, setup);
        return rig.Pipeline.Prefill(rig.Pipeline.NewSequence(), rig.Tokens(11), chunk);
    }

    /// <summary>A model that ships with the repository, or a random one, in a pipeline.</summary>
    private sealed class Rig(ModelConfig config, TestPipeline pipeline, IDisposable weights) : IDisposable
    {
        public TestPipeline Pipeline => pipeline;

        public static Rig Open(string model, TestSetup setup)
        {
            if (model.StartsWith("tiny", StringComparison.Ordinal))
            {
                var checkpoint = Checkpoint.Open(TestFiles.Model(model));
                return new Rig(checkpoint.Config, new TestPipeline(checkpoint.Config, checkpoint.Weights, setup), checkpoint);
            }

            var config = RandomModel.Named(model);
            var weights = RandomModel.Weights(config);
            return new Rig(config, new TestPipeline(config, weights, setup), weights);
        }

        public int[] Tokens(int seed) => RandomModel.Tokens(config, Length, seed);

        public void Dispose()
        {
            pipeline.Dispose();
            weights.Dispose();
        }
    }
}
