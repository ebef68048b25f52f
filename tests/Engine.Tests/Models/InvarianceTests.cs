using OrleansLM.Engine.State;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Tests.Models;

/// <summary>Invariance (promise 2), bit for bit: nothing about how a sequence was computed may be seen in its logits.</summary>
public sealed class InvarianceTests
{
    private const int Length = 150;

    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (var backend in TestBackends.Names)
            {
                foreach (var model in RandomModel.Names)
                {
                    cases.Add(model, backend);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Chunks_of_prefill_leave_no_trace(string model, string backend)
    {
        var whole = Prefill(model, new TestSetup(backend), chunk: Length);
        foreach (var chunk in new[] { 1, 7, 64, 128 })
        {
            Logits.BitEqual(whole, Prefill(model, new TestSetup(backend), chunk), $"chunks of {chunk}");
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Stages_page_ids_and_logit_blocks_leave_no_trace(string model, string backend)
    {
        var plain = Prefill(model, new TestSetup(backend), chunk: 64);
        Logits.BitEqual(plain, Prefill(model, new TestSetup(backend) { Stages = 2 }, 64), "2 stages");
        Logits.BitEqual(plain, Prefill(model, new TestSetup(backend) { Stages = 4 }, 64), "4 stages");
        Logits.BitEqual(plain, Prefill(model, new TestSetup(backend) { ScrambleSeed = 5 }, 64), "scrambled pages");
        Logits.BitEqual(plain, Prefill(model, new TestSetup(backend) { MaxLogitRows = 3 }, 64), "blocks of 3 rows");
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Other_sequences_in_the_batch_leave_no_trace(string model, string backend)
    {
        var config = RandomModel.Named(model);
        using var weights = RandomModel.Weights(config, DataType.BFloat16);
        using var pipeline = new TestPipeline(config, weights, new TestSetup(backend) { PageTokens = 16 });
        var ids = RandomModel.Tokens(config, Length);
        var alone = pipeline.Prefill(pipeline.NewSequence(), ids, chunk: 64);

        var other = RandomModel.Tokens(config, Length, seed: 3);
        var (sequence, neighbour, third) = (pipeline.NewSequence(), pipeline.NewSequence(), pipeline.NewSequence());
        var found = new List<float[]>();
        found.AddRange(pipeline.Step((neighbour, other[..9]), (sequence, ids[..40]))[1]);
        found.AddRange(pipeline.Step((sequence, ids[40..41]), (neighbour, other[9..10]), (third, other[..70]))[0]);
        found.AddRange(pipeline.Step((third, other[70..71]), (sequence, ids[41..107]))[1]);
        found.AddRange(pipeline.Step((third, other[71..72]), (neighbour, other[10..90]), (sequence, ids[107..]))[2]);
        Logits.BitEqual([.. alone], [.. found], "a mixed batch");
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_fork_goes_on_as_its_parent_and_disturbs_it_not(string model, string backend)
    {
        var config = RandomModel.Named(model);
        using var weights = RandomModel.Weights(config);
        using var pipeline = new TestPipeline(config, weights, new TestSetup(backend) { PageTokens = 16 });
        var ids = RandomModel.Tokens(config, Length);
        var expected = pipeline.Prefill(pipeline.NewSequence(), ids, chunk: 64);

        var parent = pipeline.NewSequence();
        pipeline.Prefill(parent, ids[..53], chunk: 20);
        var fork = parent.Fork(53);
        var divergent = parent.Fork(53);
        pipeline.Step((divergent, RandomModel.Tokens(config, 30, seed: 99)));
        var both = pipeline.Step((fork, ids[53..60]), (parent, ids[53..54]));
        Logits.BitEqual(expected[53..60], both[0], "the fork");
        Logits.BitEqual(expected[54..], pipeline.Prefill(parent, ids[54..], chunk: 33), "the parent");
        Logits.BitEqual(expected[60..], pipeline.Prefill(fork, ids[60..], chunk: 64), "the fork, later");
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("mistral-window")]
    [InlineData("supra")]
    public void Threads_leave_no_trace(string model)
        => Logits.BitEqual(Prefill(model, new TestSetup("cpu") { Threads = 1 }, 64), Prefill(model, new TestSetup("cpu") { Threads = 3 }, 64), "3 threads");

    [Theory]
    [InlineData("reference", 1)]
    [InlineData("reference", 20)]
    [InlineData("cpu", 1)]
    [InlineData("cpu", 100)]
    public void A_rollback_to_a_checkpoint_computes_again_only_what_came_after_it(string backend, int tokens)
    {
        var config = RandomModel.Named("supra");
        using var weights = RandomModel.Weights(config);
        using var pipeline = new TestPipeline(config, weights, new TestSetup(backend) { Checkpoints = new CheckpointPolicy(16, 6) });
        var ids = RandomModel.Tokens(config, Length);
        var expected = pipeline.Prefill(pipeline.NewSequence(), ids, chunk: 64);

        var sequence = pipeline.NewSequence();
        pipeline.Prefill(sequence, [.. ids[..(Length - tokens)], .. RandomModel.Tokens(config, tokens, seed: 99)], chunk: 5);
        var kept = sequence.Truncate(Length - tokens);
        Assert.InRange(kept, 1, Length - tokens);
        Logits.BitEqual(expected[kept..], pipeline.Prefill(sequence, ids[kept..], chunk: 64), "after a rollback");
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_rollback_leaves_no_trace(string model, string backend)
    {
        var config = RandomModel.Named(model);
        using var weights = RandomModel.Weights(config);
        using var pipeline = new TestPipeline(config, weights, new TestSetup(backend) { PageTokens = 16 });
        var ids = RandomModel.Tokens(config, Length);
        var expected = pipeline.Prefill(pipeline.NewSequence(), ids, chunk: 64);

        var sequence = pipeline.NewSequence();
        pipeline.Prefill(sequence, [.. ids[..70], .. RandomModel.Tokens(config, 20, seed: 99)], chunk: 64);
        var kept = sequence.Truncate(70);
        Logits.BitEqual(expected[kept..], pipeline.Prefill(sequence, ids[kept..], chunk: 64), "after a rollback");
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void State_in_16_bits_keeps_the_promise(string model, string backend)
    {
        var setup = new TestSetup(backend) { StateType = DataType.BFloat16, PageTokens = 16 };
        Logits.BitEqual(Prefill(model, setup, chunk: Length), Prefill(model, setup with { Stages = 2 }, chunk: 7), "bf16 state");
    }

    private static float[][] Prefill(string model, TestSetup setup, int chunk)
    {
        var config = RandomModel.Named(model);
        using var weights = RandomModel.Weights(config);
        using var pipeline = new TestPipeline(config, weights, setup);
        return pipeline.Prefill(pipeline.NewSequence(), RandomModel.Tokens(config, Length), chunk);
    }
}
