using OrleansLM.Engine.State;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Engine.Tests.Models;

/// <summary>Invariance (promise 2) on the models that ship with the repository, bit for bit, on the CPU backend.</summary>
public sealed class RealModelInvarianceTests
{
    private const int Length = 530;

    [Theory]
    [InlineData("tiny-yarn-mistral-128k", 1, 2, 4, 8)]
    [InlineData("tiny-supra", 1, 2, 3, 6)]
    public void Chunks_stages_and_page_ids_leave_no_trace(string model, params int[] stages)
    {
        var ids = Ids(model, Length);
        var plain = Prefill(model, new TestSetup("cpu"), ids, chunk: 512);
        Logits.BitEqual(plain[..60], Prefill(model, new TestSetup("cpu"), ids[..60], chunk: 1), "chunks of 1");
        Logits.BitEqual(plain[..200], Prefill(model, new TestSetup("cpu"), ids[..200], chunk: 7), "chunks of 7");
        Logits.BitEqual(plain, Prefill(model, new TestSetup("cpu"), ids, chunk: 64), "chunks of 64");
        for (var i = 0; i < stages.Length; i++)
        {
            var setup = new TestSetup("cpu") { Stages = stages[i], ScrambleSeed = i, Threads = 1 + i % 3 };
            Logits.BitEqual(plain[..200], Prefill(model, setup, ids[..200], chunk: 100), $"{stages[i]} stages");
        }
    }

    [Theory]
    [InlineData("tiny-yarn-mistral-128k")]
    [InlineData("tiny-supra")]
    public void Greedy_ids_are_the_same_alone_and_in_a_crowd(string model)
    {
        using var checkpoint = Checkpoint.Open(TestFiles.Model(model));
        using var pipeline = new TestPipeline(checkpoint.Config, checkpoint.Weights, new TestSetup("cpu"));
        var ids = Ids(model, 150);
        var alone = pipeline.NewSequence();
        var expected = Continue(pipeline, alone, pipeline.Prefill(alone, ids[..90], chunk: 64)[^1], []);

        SequenceState[] crowd = [pipeline.NewSequence(), pipeline.NewSequence(), pipeline.NewSequence()];
        var sequence = pipeline.NewSequence();
        var last = pipeline.Prefill(sequence, ids[..90], chunk: 33)[^1];
        Assert.Equal(expected, Continue(pipeline, sequence, last, [(crowd[0], ids[3..40]), (crowd[1], ids[70..71]), (crowd[2], ids[..100])]));
    }

    /// <summary>Sixteen greedy tokens, with the neighbours' rows in every step.</summary>
    private static int[] Continue(TestPipeline pipeline, SequenceState sequence, float[] last, (SequenceState Sequence, int[] Tokens)[] neighbours)
    {
        var ids = new int[16];
        for (var i = 0; i < ids.Length; i++)
        {
            ids[i] = Logits.Best(last);
            last = pipeline.Step([.. neighbours[..(neighbours.Length * (i % 2))], (sequence, [ids[i]]), .. neighbours[(neighbours.Length * (i % 2))..]])[neighbours.Length * (i % 2)][0];
        }

        return ids;
    }

    private static int[] Ids(string model, int count)
    {
        var golden = GoldenFile.Read($"{model}.golden.json").GetProperty("cases");
        var all = golden.EnumerateArray().SelectMany(entry => entry.GetProperty("ids").Ints().Concat(entry.GetProperty("greedy").Ints())).ToArray();
        return [.. Enumerable.Range(0, count).Select(i => all[i % all.Length])];
    }

    private static float[][] Prefill(string model, TestSetup setup, int[] ids, int chunk)
    {
        using var checkpoint = Checkpoint.Open(TestFiles.Model(model));
        using var pipeline = new TestPipeline(checkpoint.Config, checkpoint.Weights, setup);
        return pipeline.Prefill(pipeline.NewSequence(), ids, chunk);
    }
}
