using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Sampling;
using OrleansLM.Engine.State.Transfer;
using OrleansLM.Engine.Tests.State.Transfer;

namespace OrleansLM.Engine.Tests.Runtime.Stages;

/// <summary>A stage is lost under a running turn, whose owner keeps a part of its state elsewhere.</summary>
public sealed class StateReturnTests
{
    private const int PromptTokens = 300;
    private const int NewTokens = 60;
    private static readonly SamplingParameters s_seeded = new() { Temperature = 0.9f, TopP = 0.95f, TopK = 50, Seed = 7, LogProbs = 3 };

    /// <summary>The engine may not run ahead of the reader, or it could be through before the loss.</summary>
    private static readonly EngineOptions s_options = TinyEngine.Options(budget: 64, pages: 100) with { OutputBuffer = 4 };

    [Theory]
    [InlineData(TinyEngine.Yarn)]
    [InlineData(TinyEngine.Supra)]
    public async Task What_the_owner_kept_is_not_computed_again_and_the_ids_stay(string model)
    {
        await using var pipeline = new Pipeline(model, 3, s_options);
        var (expected, undisturbed) = await UndisturbedAsync(model);
        var kept = default(StoredStates);
        var asked = 0;
        var (sequence, outputs) = await DisturbedAsync(
            pipeline,
            keep: async running => kept = await StoredStates.OfAsync(running, new StateExportOptions { WholePagesOnly = true, Checkpoints = false }),
            restore: async running =>
            {
                asked++;
                var restored = pipeline.Engine.CreateSequence(running.CopyTokens(0, running.Length));
                await restored.ImportAsync(await kept!.OpenAsync());
                return restored;
            });
        Assert.Equal(expected, TinyEngine.Bits(outputs));
        Assert.Equal(1, asked);
        var stored = (await kept!.OpenAsync()).Header.To;
        Assert.InRange(stored, PromptTokens / 2, PromptTokens + NewTokens);

        // After the loss the tail alone was computed: fewer rows than the prompt.
        var computed = outputs[^1].Usage!.PrefilledTokens - undisturbed;
        Assert.InRange(computed, 0, PromptTokens + NewTokens - stored);
        Assert.Equal(PromptTokens + NewTokens, sequence.Length);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_cannot_be_brought_in_is_computed_again(bool fails)
    {
        await using var pipeline = new Pipeline(TinyEngine.Yarn, 3, s_options);
        var (expected, undisturbed) = await UndisturbedAsync(TinyEngine.Yarn);
        var (_, outputs) = await DisturbedAsync(
            pipeline,
            keep: _ => Task.CompletedTask,
            restore: _ => fails ? throw new IOException("the disk is gone") : Task.FromResult<IEngineSequence?>(null));
        Assert.Equal(expected, TinyEngine.Bits(outputs));
        Assert.InRange(outputs[^1].Usage!.PrefilledTokens - undisturbed, PromptTokens, PromptTokens + NewTokens);
    }

    [Fact]
    public async Task A_stage_that_is_lost_while_the_state_comes_in_has_the_owner_asked_once_more()
    {
        await using var pipeline = new Pipeline(TinyEngine.Yarn, 3, s_options);
        var (expected, _) = await UndisturbedAsync(TinyEngine.Yarn);
        var kept = default(StoredStates);
        var asked = 0;
        var (_, outputs) = await DisturbedAsync(
            pipeline,
            keep: async running => kept = await StoredStates.OfAsync(running, new StateExportOptions { WholePagesOnly = true }),
            restore: async running =>
            {
                var restored = pipeline.Engine.CreateSequence(running.CopyTokens(0, running.Length));
                if (++asked == 1)
                {
                    pipeline.Lose(stage: 1);
                    // Served by the new stages: the loss has been seen to.
                    await TinyEngine.GenerateAsync(pipeline.Engine.CreateSequence([]), Prompt(20), 2);
                }

                await restored.ImportAsync(await kept!.OpenAsync());
                return restored;
            });
        Assert.Equal(expected, TinyEngine.Bits(outputs));
        Assert.Equal(2, asked);
    }

    [Fact]
    public async Task A_turn_that_is_cancelled_while_its_state_comes_in_ends_at_once()
    {
        await using var pipeline = new Pipeline(TinyEngine.Yarn, 3, s_options);
        var never = new TaskCompletionSource<IEngineSequence?>();
        var sequence = pipeline.Engine.CreateSequence(Prompt(PromptTokens));
        var begun = new TaskCompletionSource();
        sequence.AfterLoss = () =>
        {
            begun.SetResult();
            return never.Task;
        };
        var turn = sequence.Submit(LoopRig.Request([], 100_000, s_seeded));
        Assert.True(await turn.Output.WaitToReadAsync());
        pipeline.Lose(stage: 0);
        await begun.Task;
        turn.Cancel();
        Assert.Equal(FinishReason.Cancelled, (await TinyEngine.ReadAsync(turn))[^1].FinishReason);

        var late = pipeline.Engine.CreateSequence(Prompt(PromptTokens));
        never.SetResult(late);
        sequence.AfterLoss = null;
        await TinyEngine.GenerateAsync(sequence, Prompt(5), 2);
        Assert.Throws<ObjectDisposedException>(() => late.Submit(LoopRig.Request([1], 1)));
    }

    private static async Task<(List<(int Id, float LogProb)> Bits, int Prefilled)> UndisturbedAsync(string model)
    {
        await using var one = TinyEngine.Load(model, s_options with { Threads = 1 });
        var outputs = await TinyEngine.GenerateAsync(one.CreateSequence([]), Prompt(PromptTokens), NewTokens, s_seeded);
        return ([.. TinyEngine.Bits(outputs)], outputs[^1].Usage!.PrefilledTokens);
    }

    private static async Task<(IEngineSequence Sequence, List<TurnOutput> Outputs)> DisturbedAsync(
        Pipeline pipeline, Func<IEngineSequence, Task> keep, Func<IEngineSequence, Task<IEngineSequence?>> restore)
    {
        var sequence = pipeline.Engine.CreateSequence([]);
        sequence.AfterLoss = () => Task.Run(() => restore(sequence));
        var turn = sequence.Submit(LoopRig.Request(Prompt(PromptTokens), NewTokens, s_seeded));
        var outputs = new List<TurnOutput>();
        await foreach (var output in turn.Output.ReadAllAsync())
        {
            outputs.Add(output);
            if (output.Kind == TurnOutputKind.Token && outputs.Count(known => known.Kind == TurnOutputKind.Token) == 20)
            {
                await keep(sequence);
                pipeline.Lose(stage: 0);
            }
        }

        return (sequence, outputs);
    }

    private static int[] Prompt(int count) => [.. Enumerable.Range(0, count).Select(i => 3 + (int)((uint)(i * 7919 + 104729) % 250))];
}
