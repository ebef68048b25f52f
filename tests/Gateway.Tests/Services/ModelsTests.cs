using Grpc.Core;
using OrleansLM.Contracts.V1;
using OrleansLM.Gateway.Tests.Serving;

namespace OrleansLM.Gateway.Tests.Services;

[Collection(ServerCollection.Name)]
public sealed class ModelsTests(SharedServer shared)
{
    private const string Text = "Fanny walked in the garden, and Edmund came after her.";

    private LiveServer Server => shared.Live;

    [Fact]
    public async Task The_model_is_listed_as_it_is()
    {
        var model = Assert.Single((await Server.Models.ListAsync(new ListModelsRequest())).Models);
        Assert.Equal(model, await Server.Models.GetAsync(new GetModelRequest()));
        Assert.Equal(model, await Server.Models.GetAsync(new GetModelRequest { Model = model.Name }));
        Assert.Equal(("tiny-yarn-mistral-128k", "mistral", 4096, 131_072L), (model.Name, model.Family, model.VocabularySize, model.ContextTokens));
        Assert.Equal((8, 256, 4, 2, 64), (model.Layers, model.HiddenSize, model.Heads, model.KeyValueHeads, model.HeadDim));
        Assert.Equal(2 * 8 * 2 * 64 * sizeof(float), model.StateBytesPerToken);
    }

    [Fact]
    public async Task Tokens_and_text_go_both_ways()
    {
        var plain = await Server.Models.TokenizeAsync(new TokenizeRequest { Input = new Input { Text = Text } });
        var withBos = await Server.Models.TokenizeAsync(new TokenizeRequest { Input = new Input { Text = Text }, AddBos = true });
        Assert.Equal([1, .. plain.Ids], withBos.Ids);
        Assert.Equal(plain.Ids.Count, plain.Pieces.Count);
        Assert.Equal(Text, (await Server.Models.DetokenizeAsync(new DetokenizeRequest { Ids = { withBos.Ids } })).Text);
        Assert.StartsWith("<s>", (await Server.Models.DetokenizeAsync(new DetokenizeRequest { Ids = { withBos.Ids }, ShowSpecial = true })).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_score_is_what_an_append_reports()
    {
        var session = await Server.OpenAsync();
        using var append = Server.Sessions.Append(new AppendRequest { SessionId = session.SessionId, Input = new Input { Text = Text }, PromptLogProbs = 2 });
        var turn = await ReceivedTurn.ReadAsync(append);
        var expected = turn.Events.FindAll(item => item.EventCase == TurnEvent.EventOneofCase.PromptLogProb);

        var (chunks, summary) = await ScoreAsync(top: 2);
        Assert.Equal(expected.Select(item => item.PromptLogProb.Token), chunks.SelectMany(chunk => chunk.Tokens));
        Assert.Equal(expected.SelectMany(item => item.PromptLogProb.Top), chunks.SelectMany(chunk => chunk.Top).SelectMany(top => top.Tokens));
        Assert.Equal(1, chunks[0].StartPosition);
        Assert.Equal(expected.Count, summary.Tokens);
        Assert.Equal(-expected.Average(item => (double)item.PromptLogProb.Token.LogProb), summary.MeanNll, 12);
        Assert.Equal(Math.Exp(summary.MeanNll), summary.Perplexity, 12);
        Assert.InRange(summary.Perplexity, 1, 4096);
    }

    [Fact]
    public async Task Topology_names_the_silo_its_model_and_its_layers()
    {
        var topology = await Server.Cluster.GetTopologyAsync(new GetTopologyRequest());
        var silo = Assert.Single(topology.Silos);
        Assert.Equal("Active", silo.Status);
        var pipeline = Assert.Single(silo.Pipelines);
        Assert.Equal(("tiny-yarn-mistral-128k", true), (pipeline.Model, pipeline.PagesTotal > 0));
        Assert.Equal((0, 8), (Assert.Single(pipeline.Stages).FirstLayer, pipeline.Stages[0].EndLayer));
    }

    [Fact]
    public async Task A_plan_counts_a_model_that_is_whole_and_says_what_if_there_are_no_devices_for_more_stages()
    {
        var plan = await Server.Cluster.PlanAsync(new PlanRequest());
        var device = Assert.Single(plan.Devices);
        var stage = Assert.Single(Assert.Single(plan.Pipelines).Stages);
        Assert.Equal((0, 8, StageChange.Kept, 1.0), (stage.FirstLayer, stage.EndLayer, stage.Change, stage.Share));
        Assert.Equal((device.Silo, device.Address, "cpu", false), (stage.Silo, stage.Address, device.Device, device.ServesStages));
        Assert.True(stage.WeightBytes > 1_000_000 && stage.StateBytes > 1_000_000 && stage.Seconds > 0, $"{stage}");
        Assert.Equal(device.Bytes - stage.WeightBytes - stage.StateBytes, device.FreeBytes);
        var whatIf = Assert.Single((await Server.Cluster.PlanAsync(new PlanRequest { Model = "tiny-yarn-mistral-128k", Stages = 2 })).Pipelines);
        Assert.Empty(whatIf.Stages);
        Assert.Contains("1 devices can take one", whatIf.Problem);
    }

    private async Task<(List<ScoreChunk> Chunks, ScoreSummary Summary)> ScoreAsync(int top)
    {
        using var call = Server.Models.Score(new ScoreRequest { Input = new Input { Text = Text }, Top = top });
        var events = new List<ScoreEvent>();
        await foreach (var item in call.ResponseStream.ReadAllAsync())
        {
            events.Add(item);
        }

        return ([.. events.Select(item => item.Chunk).Where(chunk => chunk is not null)], events[^1].Summary);
    }
}
