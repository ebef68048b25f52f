using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Sampling;
using OrleansLM.Engine.Tests.Models;
using OrleansLM.Engine.Tests.Weights;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Engine.Tests.Runtime;

public sealed class InferenceEngineTests
{
    private const double Tolerance = 2e-3;

    [Fact]
    public void A_tokenizer_with_more_ids_than_the_model_is_refused()
    {
        using var folder = SyntheticModel.Write();
        using var checkpoint = Checkpoint.Open(folder.Path);
        var error = Assert.Throws<CheckpointException>(() => InferenceEngine.Load(checkpoint, LoopRig.Tokenizer, TinyEngine.Options(), TimeProvider.System));
        Assert.Contains("has 4096 ids; expected at most 40, the vocabulary of the model", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(TinyEngine.Yarn)]
    [InlineData(TinyEngine.Supra)]
    public async Task Greedy_ids_and_text_are_those_of_the_golden_file(string model)
    {
        await using var engine = TinyEngine.Load(model, TinyEngine.Options());
        foreach (var golden in GoldenFile.Read($"{model}.golden.json").GetProperty("cases").EnumerateArray())
        {
            if (golden.GetProperty("smallest_gap").GetDouble() <= Tolerance)
            {
                continue;
            }

            var ids = engine.Tokenizer.Encode(golden.GetProperty("text").GetString()!, addBos: true);
            Assert.Equal(golden.GetProperty("ids").Ints(), ids);
            await using var sequence = engine.CreateSequence(ids);
            var outputs = await TinyEngine.GenerateAsync(sequence, [], 48);
            Assert.Equal(golden.GetProperty("greedy").Ints(), LoopRig.Ids(outputs));
            Assert.Equal(golden.GetProperty("greedy_text").GetString()!.TrimStart(), string.Concat(outputs.Select(output => output.Text)).TrimStart());
        }
    }

    [Theory]
    [InlineData(TinyEngine.Yarn)]
    [InlineData(TinyEngine.Supra)]
    public async Task Neither_batch_nor_chunk_nor_stages_leave_a_trace(string model)
    {
        var sampling = new SamplingParameters { Temperature = 0.9f, TopP = 0.95f, Seed = 7, LogProbs = 0 };
        var prompts = Enumerable.Range(0, 4).Select(i => Enumerable.Range(0, 30 + 37 * i).Select(j => 3 + (i * 977 + j * 131) % 4000).ToArray()).ToArray();
        List<(int, float)>[]? alone = null;
        foreach (var (budget, stages, together) in new[] { (512, 1, false), (512, 1, true), (64, 2, true), (16, 6, true), (64, 3, false) })
        {
            await using var engine = TinyEngine.Load(model, TinyEngine.Options(budget, stages));
            var results = new List<(int, float)>[prompts.Length];
            var running = new List<Task>();
            for (var i = 0; i < prompts.Length; i++)
            {
                var at = i;
                var request = LoopRig.Request(prompts[i], 16, sampling) with { PromptLogProbs = 0 };
                var turn = engine.CreateSequence([]).Submit(request);
                var read = TinyEngine.ReadAsync(turn).ContinueWith(outputs => results[at] = TinyEngine.Bits(outputs.Result), TaskScheduler.Default);
                running.Add(read);
                if (!together)
                {
                    await read;
                }
            }

            await Task.WhenAll(running);
            alone ??= results;
            Assert.Equal(alone, results);
        }
    }

    [Fact]
    public async Task Eight_stages_are_as_one()
    {
        int[] prompt = [1, 1196, 327, 618, 261, 587];
        var results = new List<List<(int, float)>>();
        foreach (var stages in new[] { 1, 8 })
        {
            await using var engine = TinyEngine.Load(TinyEngine.Yarn, TinyEngine.Options(stages: stages));
            Assert.Equal(stages, engine.Description.Stages.Count);
            var outputs = await TinyEngine.GenerateAsync(engine.CreateSequence(prompt), [], 20, new SamplingParameters { LogProbs = 0 });
            results.Add(TinyEngine.Bits(outputs));
        }

        Assert.Equal(results[0], results[1]);
    }

    [Fact]
    public async Task Scoring_a_text_gives_the_reference_loss()
    {
        await using var engine = TinyEngine.Load(TinyEngine.Yarn, TinyEngine.Options());
        var text = await File.ReadAllTextAsync(TestFiles.Model("eval/mansfield-park.txt"));
        var ids = engine.Tokenizer.Encode(text, addBos: true)[..1024];
        var turn = engine.CreateSequence([]).Submit(LoopRig.Request(ids, 0) with { PromptLogProbs = 0 });
        var scored = (await TinyEngine.ReadAsync(turn)).Where(output => output.Kind == TurnOutputKind.PromptLogProb).ToList();
        Assert.Equal(Enumerable.Range(1, 1023), scored.Select(output => output.Position));
        Assert.Equal(ids[1..], scored.Select(output => output.Token.TokenId));
        Assert.Equal(3.232014, -scored.Average(output => (double)output.Token.LogProb), 1e-4);
    }

    [Fact]
    public async Task Log_probabilities_come_with_the_most_probable_alternatives()
    {
        await using var engine = TinyEngine.Load(TinyEngine.Yarn, TinyEngine.Options());
        int[] prompt = [1, 1196, 327, 618, 261, 587];
        var request = LoopRig.Request(prompt, 4, new SamplingParameters { LogProbs = 3 }) with { PromptLogProbs = 2 };
        var outputs = await TinyEngine.ReadAsync(engine.CreateSequence([]).Submit(request));
        Assert.All(outputs.Where(output => output.Kind == TurnOutputKind.PromptLogProb), output => Assert.Equal(2, output.Top!.Count));
        foreach (var output in outputs.Where(output => output.Kind == TurnOutputKind.Token))
        {
            Assert.Equal(3, output.Top!.Count);
            Assert.Equal(output.Token, output.Top[0]);
            Assert.True(output.Top[0].LogProb >= output.Top[1].LogProb && output.Top[1].LogProb >= output.Top[2].LogProb);
        }
    }

    [Fact]
    public async Task Threads_that_submit_fork_cancel_and_dispose_at_will_disturb_nobody()
    {
        await using var engine = TinyEngine.Load(TinyEngine.Yarn, TinyEngine.Options(budget: 64, pages: 24) with { OutputBuffer = 3, MaxRunningTurns = 4 });
        int[] prompt = [1, 1196, 327, 618, 261, 587];
        var expected = LoopRig.Ids(await TinyEngine.GenerateAsync(engine.CreateSequence(prompt), [], 12));
        await Task.WhenAll(Enumerable.Range(0, 6).Select(worker => Task.Run(async () =>
        {
            for (var i = 0; i < 4; i++)
            {
                await using var sequence = engine.CreateSequence(prompt);
                var first = await TinyEngine.GenerateAsync(sequence, [], 6);
                Assert.Equal(expected[..6], LoopRig.Ids(first));
                await using var fork = await sequence.ForkAsync(prompt.Length + 3);
                var turn = sequence.Submit(LoopRig.Request([], 50));
                Assert.Equal(expected[3..12], LoopRig.Ids(await TinyEngine.GenerateAsync(fork, [], 9)));
                turn.Cancel();
                Assert.Equal(FinishReason.Cancelled, (await TinyEngine.ReadAsync(turn))[^1].FinishReason);
                await sequence.TruncateAsync(prompt.Length);
                Assert.Equal(expected[..2], LoopRig.Ids(await TinyEngine.GenerateAsync(sequence, [], 2)));
                fork.Submit(LoopRig.Request([], 100));
            }
        })));
        Assert.Equal(0, engine.GetStatus().RunningTurns + engine.GetStatus().WaitingTurns);
        Assert.Equal(1, engine.GetStatus().Sequences);
    }

    [Fact]
    public async Task Describes_what_it_loaded()
    {
        await using var engine = TinyEngine.Load(TinyEngine.Yarn, TinyEngine.Options(stages: 3, pages: 10));
        var description = engine.Description;
        Assert.Equal(TinyEngine.Yarn, description.ModelName);
        Assert.Equal(["[0, 3)", "[3, 6)", "[6, 8)"], description.Stages.Select(stage => stage.ToString()));
        Assert.Equal((10, 64, 8 * 2 * 2 * 64 * 4L, 0L), (description.PageCount, description.PageTokens, description.StateBytesPerToken, description.StateBytesPerSequence));
        await using var supra = TinyEngine.Load(TinyEngine.Supra, new EngineOptions());
        Assert.Equal((0L, 6 * 4 * 64 * 64 * 4L), (supra.Description.StateBytesPerToken, supra.Description.StateBytesPerSequence - supra.Description.OpenChunkBytesPerSequence));
        Assert.Equal((8, 6 * 2 * 7 * 2 * 64 * 4L), (supra.Description.StateChunkTokens, supra.Description.OpenChunkBytesPerSequence));
        Assert.EndsWith("-chunk8", supra.Description.BackendKind, StringComparison.Ordinal);
        Assert.NotEqual(description.Fingerprint, supra.Description.Fingerprint);
    }

    [Fact]
    public void Options_that_do_not_go_with_the_model_are_refused()
    {
        Assert.Contains("Stages", Assert.Throws<ArgumentException>(() => TinyEngine.Load(TinyEngine.Yarn, new EngineOptions { Stages = 9 })).Message);
        Assert.Contains("StateBytes", Assert.Throws<ArgumentException>(() => TinyEngine.Load(TinyEngine.Yarn, new EngineOptions { StateBytes = 1000 })).Message);
        Assert.Contains("MaxStepTokens", Assert.Throws<ArgumentException>(() => TinyEngine.Load(TinyEngine.Yarn, new EngineOptions { MaxStepTokens = 1 })).Message);
    }

    [Fact]
    public async Task After_its_end_an_engine_answers_unavailable()
    {
        var engine = TinyEngine.Load(TinyEngine.Yarn, TinyEngine.Options());
        var sequence = engine.CreateSequence([1, 5]);
        var turn = sequence.Submit(LoopRig.Request([], 100_000));
        await engine.DisposeAsync();
        await engine.DisposeAsync();
        Assert.Equal(EngineError.Unavailable, (await Assert.ThrowsAsync<EngineException>(() => TinyEngine.ReadAsync(turn))).Error);
        Assert.Equal(EngineError.Unavailable, Assert.Throws<EngineException>(() => sequence.Submit(LoopRig.Request([], 1))).Error);
        await sequence.DisposeAsync();
    }
}
