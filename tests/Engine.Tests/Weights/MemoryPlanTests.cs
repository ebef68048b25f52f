using OrleansLM.Engine.Models;
using OrleansLM.Engine.Tensors;
using OrleansLM.Engine.Weights;
using OrleansLM.Engine.Weights.Configuration;

namespace OrleansLM.Engine.Tests.Weights;

public sealed class MemoryPlanTests
{
    private static readonly ModelConfig Mistral = new()
    {
        Family = ModelFamily.Mistral,
        HiddenSize = 4096,
        IntermediateSize = 14336,
        LayerCount = 32,
        HeadCount = 32,
        KeyValueHeadCount = 8,
        HeadDim = 128,
        VocabularySize = 32000,
        NormEpsilon = 1e-5f,
        Rope = new RopeConfig(),
        ContextLength = 131072,
    };

    [Fact]
    public void Sizes_of_a_7b_mistral_are_the_published_ones()
    {
        var plan = MemoryPlan.For(Mistral, DataType.BFloat16, 1, DataType.BFloat16);
        Assert.Equal(7_241_732_096, plan.Stages[0].Parameters);
        Assert.Equal(2 * 7_241_732_096, plan.WeightBytes);
        Assert.Equal(128 << 10, plan.StateBytesPerToken);
        Assert.Equal(16L << 30, plan.StateBytesAtFullContext);
        Assert.Equal(0, plan.StateBytesPerSession);
    }

    [Fact]
    public void Sizes_of_a_7b_supra_are_the_published_ones()
    {
        var plan = MemoryPlan.For(Mistral with { Family = ModelFamily.Supra, Supra = new SupraConfig { Decay = SupraDecay.Lightning } }, DataType.Float32, 1, DataType.BFloat16);
        Assert.Equal(7_812_321_280, plan.Stages[0].Parameters);
        Assert.Equal(64L << 20, plan.StateBytesPerSession);
        Assert.Equal(64L << 20, plan.StateBytesAtFullContext);
        Assert.Equal((0, DataType.Float32), (plan.StateBytesPerToken, plan.StateType));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(32)]
    public void Stages_share_everything_once(int stages)
    {
        var (whole, split) = (MemoryPlan.For(Mistral, DataType.BFloat16, 1), MemoryPlan.For(Mistral, DataType.BFloat16, stages));
        Assert.Equal(whole.WeightBytes, split.WeightBytes);
        Assert.Equal(whole.StateBytesAtFullContext, split.StateBytesAtFullContext);
        Assert.Equal(32, split.Stages.Sum(stage => stage.Layers.Count));
    }

    [Fact]
    public void Tied_embeddings_lie_in_the_first_and_the_last_stage()
    {
        var tied = Mistral with { TiedEmbeddings = true };
        var embedding = 2L * 32000 * 4096;
        Assert.Equal(MemoryPlan.For(Mistral, DataType.BFloat16, 1).WeightBytes - embedding, MemoryPlan.For(tied, DataType.BFloat16, 1).WeightBytes);
        Assert.Equal(MemoryPlan.For(Mistral, DataType.BFloat16, 2).WeightBytes, MemoryPlan.For(tied, DataType.BFloat16, 2).WeightBytes);
    }

    [Fact]
    public void A_window_bounds_the_pages()
    {
        var plan = MemoryPlan.For(Mistral with { SlidingWindow = 4096 }, DataType.BFloat16, 1, DataType.Float32, pageTokens: 64);
        Assert.Equal((4096 + 64) * plan.StateBytesPerToken, plan.StateBytesAtFullContext);
    }

    [Fact]
    public void The_largest_config_that_is_read_does_not_overflow()
    {
        const string Largest =
            """
            {"model_type":"llama","hidden_size":262144,"intermediate_size":1048576,"num_hidden_layers":4096,"num_attention_heads":2,"head_dim":131072,"num_key_value_heads":2,
            "vocab_size":4194304,"rms_norm_eps":1,"max_position_embeddings":268435456}
            """;
        var config = ConfigReader.Parse(System.Text.Encoding.UTF8.GetBytes(Largest), "config.json", new CheckpointOptions()).Model;
        foreach (var model in new[] { config, config with { Family = ModelFamily.Supra, Supra = new SupraConfig { Decay = SupraDecay.None } } })
        {
            var plan = MemoryPlan.For(model, DataType.Float32, 2, DataType.Float32, 65536);
            Assert.All(plan.Stages, stage => Assert.True(stage.TotalBytes > 0));
            Assert.True(plan.StateBytesAtFullContext > 0 && plan.WeightBytes > 0);
        }
    }

    [Fact]
    public void Agrees_with_a_checkpoint()
    {
        using var checkpoint = Checkpoint.Open(TestFiles.Model("tiny-supra"));
        var plan = MemoryPlan.For(checkpoint.Config, checkpoint.SizeInBytes, 2);
        Assert.Equal(checkpoint.TotalBytes, plan.WeightBytes);
        Assert.Equal(checkpoint.ParameterCount, plan.Stages.Sum(stage => stage.Parameters));
        Assert.Equal(384 << 10, plan.StateBytesPerSession);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(33)]
    public void Refuses_stages_that_cannot_be(int stages) => Assert.Throws<ArgumentOutOfRangeException>(() => MemoryPlan.For(Mistral, DataType.BFloat16, stages));
}
