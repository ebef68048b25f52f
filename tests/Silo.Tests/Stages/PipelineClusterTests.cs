using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Grains;
using OrleansLM.Contracts.Messages;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Sampling;
using OrleansLM.Silo.Tests.Doubles;

namespace OrleansLM.Silo.Tests.Stages;

public sealed class PipelineClusterTests(TinyEngine tiny) : IClassFixture<TinyEngine>
{
    [Fact]
    public async Task A_pipeline_over_silos_gives_the_ids_of_one_process_and_a_stage_whose_silo_stops_goes_elsewhere()
    {
        await using var cluster = await PipelineCluster.StartAsync(silos: 4, stages: 3);
        var before = await cluster.Grains.GetGrain<IPlanGrain>(0).PreviewAsync(new PlanQuery());
        Assert.Equal(4, before.Devices.Length);
        var pipeline = Assert.Single(before.Pipelines);
        Assert.Null(pipeline.Problem);
        Assert.Equal(["0-3 Kept", "3-6 Kept", "6-8 Kept"], pipeline.Stages.Select(stage => $"{stage.FirstLayer}-{stage.EndLayer} {stage.Change}"));
        Assert.Equal(2, before.Devices.Count(device => device.Stages is [{ IsConnected: true }]));

        var expected = await RunAsync(tiny.Engine);
        var middle = pipeline.Stages[1].Silo;
        var count = 0;
        var stopped = Task.CompletedTask;
        Assert.Equal(expected, await RunAsync(cluster.Engine, () => stopped = ++count == 20 ? Task.Run(() => cluster.StopAsync(middle)) : stopped));
        await stopped;
        Assert.Equal(60, count);

        // The plan may still know the silo that stops when the turn is over already; what the next turn runs on is whole in any case.
        Assert.Equal(expected, await RunAsync(cluster.Engine));
        var after = await cluster.Grains.GetGrain<IPlanGrain>(0).PreviewAsync(new PlanQuery());
        Assert.Equal(pipeline.Stages[2].Silo, after.Pipelines[0].Stages[2].Silo);
        Assert.DoesNotContain(after.Pipelines[0].Stages, stage => stage.Silo == middle);
    }

    [Fact]
    public async Task A_silo_that_serves_stages_only_knows_the_models_of_the_others()
    {
        await using var cluster = await PipelineCluster.StartAsync(silos: 2, stages: 2);
        var grains = cluster.GrainsElsewhere;

        // Asked from where the model is not, before and after the silos have told each other what they serve.
        await PipelineCluster.UntilAsync(async () => (await grains.GetGrain<IClusterGrain>(0).ListModelsAsync()).Count > 0, "no model is listed");
        var name = Assert.Single(await grains.GetGrain<IClusterGrain>(0).ListModelsAsync()).Name;
        await PipelineCluster.UntilAsync(async () => await IsKnownAsync(grains.GetGrain<IModelGrain>(name)), "the model's grain does not find it");
    }

    private static async Task<bool> IsKnownAsync(IModelGrain model)
    {
        try
        {
            return (await model.GetAsync()).Name.Length > 0;
        }
        catch (OrleansLMException error) when (error.Code == ErrorCode.NotFound)
        {
            return false;
        }
    }

    private static async Task<List<int>> RunAsync(InferenceEngine engine, Action? onToken = null)
    {
        var sequence = engine.CreateSequence([]);
        await using var owner = sequence;
        var turn = sequence.Submit(new TurnRequest
        {
            Tokens = Enumerable.Range(0, 150).Select(at => 3 + at * 7919 % 250).ToArray(),
            Sampling = new SamplingParameters { Temperature = 0.9f, Seed = 3 },
            Stop = new StopConditions { MaxNewTokens = 60, IgnoreEos = true },
        });
        var ids = new List<int>();
        await foreach (var output in turn.Output.ReadAllAsync())
        {
            if (output.Kind == TurnOutputKind.Token)
            {
                ids.Add(output.Token.TokenId);
                onToken?.Invoke();
            }
        }

        return ids;
    }
}
