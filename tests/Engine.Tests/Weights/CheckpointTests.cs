using OrleansLM.Engine.Models;
using OrleansLM.Engine.Tensors;
using OrleansLM.Engine.Weights;
using OrleansLM.Engine.Weights.Configuration;

namespace OrleansLM.Engine.Tests.Weights;

public sealed class CheckpointTests
{
    [Fact]
    public void Opens_the_shipped_mistral_model()
    {
        using var checkpoint = Checkpoint.Open(TestFiles.Model("tiny-yarn-mistral-128k"));
        Assert.Equal("tiny-yarn-mistral-128k", checkpoint.Name);
        Assert.Equal(ModelFamily.Mistral, checkpoint.Config.Family);
        Assert.Equal(131072, checkpoint.Config.ContextLength);
        Assert.Null(checkpoint.Config.SlidingWindow);
        Assert.Equal(9_965_824, checkpoint.ParameterCount);
        Assert.Equal(2 * 9_965_824, checkpoint.TotalBytes);
        Assert.Equal([DataType.BFloat16], checkpoint.WeightTypes);
        Assert.Equal("config (32/1/0.1)", checkpoint.Config.Rope.Yarn!.Name);
        Assert.Empty(checkpoint.Warnings);
    }

    [Fact]
    public void Opens_the_shipped_supra_model()
    {
        using var checkpoint = Checkpoint.Open(TestFiles.Model("tiny-supra"));
        Assert.Equal(ModelFamily.Supra, checkpoint.Config.Family);
        Assert.Equal(SupraDecay.Lightning, checkpoint.Config.Supra!.Decay);
        Assert.Equal(6_723_072, checkpoint.ParameterCount);
        var query = checkpoint.Weights.Get(new WeightId(WeightRole.Query, 2));
        var key = checkpoint.Weights.Get(new WeightId(WeightRole.Key, 2));
        Assert.Equal((256, 128), (query.Rows, key.Rows));
        Assert.Empty(checkpoint.Warnings);
    }

    [Theory]
    [InlineData("rand-llama-yarn")]
    [InlineData("rand-llama-tied")]
    [InlineData("rand-mistral-window")]
    public void Opens_weights_apart_from_their_config(string name)
    {
        using var checkpoint = Checkpoint.Over(name, GoldenConfig(name), [TestFiles.Golden($"{name}.safetensors")]);
        foreach (var id in WeightCatalog.All(checkpoint.Config))
        {
            var tensor = checkpoint.Weights.Get(id);
            var shape = WeightCatalog.Shape(checkpoint.Config, id);
            Assert.Equal((shape.Rows, shape.Columns), (tensor.Rows, tensor.Columns));
        }
    }

    private static CheckpointConfig GoldenConfig(string name)
    {
        using var golden = System.Text.Json.JsonDocument.Parse(File.ReadAllBytes(TestFiles.Golden($"{name}.golden.json")));
        var json = System.Text.Encoding.UTF8.GetBytes(golden.RootElement.GetProperty("config").GetRawText());
        return ConfigReader.Parse(json, name, new CheckpointOptions());
    }
}
