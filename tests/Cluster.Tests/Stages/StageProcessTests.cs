using System.Collections.Concurrent;
using System.Diagnostics;
using OrleansLM.Cluster.Tests.Processes;
using Xunit.Abstractions;

namespace OrleansLM.Cluster.Tests.Stages;

/// <summary>A model cut into stages in processes of their own.</summary>
public sealed class StageProcessTests(ITestOutputHelper output)
{
    [Fact]
    public async Task One_two_and_four_stages_in_as_many_processes_give_equal_ids_and_a_killed_one_in_the_middle_is_replaced_alone()
    {
        var starting = Enumerable.Range(0, 3).Select(_ => StageProgram.StartAsync()).ToArray();
        using var first = await starting[0];
        using var middle = await starting[1];
        using var last = await starting[2];
        foreach (var model in new[] { Repository.TinyModel, Repository.RecurrentModel })
        {
            var one = await RunAsync(model);
            Assert.All(one, ids => Assert.Equal(40, ids.Length));
            Assert.Equal(one, await RunAsync(model, first));
            Assert.Equal(one, await RunAsync(model, first, middle, last));
        }

        using var replacement = await StageProgram.StartAsync();
        await KillInTheMiddleAsync(first, middle, last, replacement);
        foreach (var program in new[] { first, last, replacement })
        {
            program.Dispose();
        }

        // Each loaded its layers once for each way of cutting each model; the stages around the one that was killed kept what they had.
        Assert.Equal((4, 2, 1), (LoadedCount(first), LoadedCount(last), LoadedCount(replacement)));
    }

    [Fact]
    public async Task A_frozen_stage_is_replaced_after_the_silence_limit_and_the_ids_stay()
    {
        var starting = Enumerable.Range(0, 3).Select(_ => StageProgram.StartAsync()).ToArray();
        using var frozen = await starting[0];
        using var last = await starting[1];
        using var replacement = await starting[2];
        var undisturbed = await RunAsync(Repository.RecurrentModel);
        await using var engine = new StagedEngine(Repository.RecurrentModel, frozen, last);
        var disturbed = await engine.RunAsync(token =>
        {
            if (token == 50)
            {
                engine.Replace(stage: 0, replacement);
                frozen.Freeze();
            }
        });
        Assert.Equal(undisturbed, disturbed);
    }

    private static async Task<List<int[]>> RunAsync(string model, params StageProgram[] programs)
    {
        await using var engine = new StagedEngine(model, programs);
        return await engine.RunAsync();
    }

    private async Task KillInTheMiddleAsync(StageProgram first, StageProgram middle, StageProgram last, StageProgram replacement)
    {
        var undisturbed = await RunAsync(Repository.TinyModel);
        await using var engine = new StagedEngine(Repository.TinyModel, first, middle, last);
        var arrivals = new ConcurrentQueue<long>();
        var disturbed = await engine.RunAsync(token =>
        {
            arrivals.Enqueue(Stopwatch.GetTimestamp());
            if (token == 50)
            {
                engine.Replace(stage: 1, replacement);
                middle.Kill();
            }
        });
        Assert.Equal(undisturbed, disturbed);
        var times = arrivals.Skip(49).Order().ToArray();
        var longest = times.Zip(times.Skip(1), Stopwatch.GetElapsedTime).Max();
        output.WriteLine($"the longest pause after a stage in the middle was killed: {longest.TotalSeconds:F2} s, its replacement's loading included");
    }

    private static int LoadedCount(StageProgram program) => program.Told.Count(line => line.StartsWith("loaded", StringComparison.Ordinal));
}
