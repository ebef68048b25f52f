using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Sampling;

namespace OrleansLM.Engine.Tests.Runtime;

/// <summary>A turn that goes on elsewhere after a failure, at any token, gives what the uninterrupted one gives.</summary>
public sealed class ContinuedTurnTests
{
    private static readonly int[] Prompt = LoopRig.Tokens(25);

    [Fact]
    public void Penalties_seed_and_maximum_go_on()
    {
        var sampling = new SamplingParameters { Temperature = 2f, Seed = 5, RepetitionPenalty = 1.5f, PresencePenalty = 1f, FrequencyPenalty = 1f };
        CheckEveryCut(new StopConditions { MaxNewTokens = 30, IgnoreEos = true }, sampling, FinishReason.Length);
    }

    [Fact]
    public void A_stop_string_across_the_cut_is_found()
    {
        var text = TextOf(new StopConditions { MaxNewTokens = 30, IgnoreEos = true });
        var middle = text.Length / 2;
        CheckEveryCut(new StopConditions { MaxNewTokens = 30, IgnoreEos = true, StopStrings = [text.Substring(middle, 5)] }, SamplingParameters.Greedy, FinishReason.Stop);
    }

    [Fact]
    public void A_stop_id_ends_it()
    {
        using var rig = new LoopRig();
        var stop = rig.Expected(Prompt, 9)[^1];
        CheckEveryCut(new StopConditions { MaxNewTokens = 30, IgnoreEos = true, StopTokenIds = [stop] }, SamplingParameters.Greedy, FinishReason.Stop);
    }

    [Fact]
    public void The_end_of_the_context_ends_it()
        => CheckEveryCut(new StopConditions { MaxNewTokens = 300, IgnoreEos = true }, SamplingParameters.Greedy, FinishReason.Length, context: 60);

    private static void CheckEveryCut(StopConditions stop, SamplingParameters sampling, FinishReason reason, int context = 400)
    {
        using var rig = new LoopRig(context: context);
        var whole = Run(rig, Prompt, new TurnRequest { Tokens = Array.Empty<int>(), Stop = stop, Sampling = sampling });
        Assert.Equal(reason, whole[^1].FinishReason);
        var ids = LoopRig.Ids(whole);
        var pieces = whole.Where(output => output.Kind == TurnOutputKind.Token).Select(output => output.Text).ToArray();
        for (var cut = 0; cut <= ids.Length; cut++)
        {
            var request = new TurnRequest { Tokens = Array.Empty<int>(), Stop = stop, Sampling = sampling, GenerationStart = Prompt.Length };
            var rest = Run(rig, [.. Prompt, .. ids[..cut]], request);
            Assert.Equal(ids[cut..], LoopRig.Ids(rest));
            Assert.Equal(pieces[cut..], rest.Where(output => output.Kind == TurnOutputKind.Token).Select(output => output.Text));
            Assert.Equal((whole[^1].FinishReason, whole[^1].Text), (rest[^1].FinishReason, rest[^1].Text));
            Assert.Equal(ids.Length, rest[^1].Usage!.GeneratedTokens);
        }
    }

    private static string TextOf(StopConditions stop)
    {
        using var rig = new LoopRig();
        return string.Concat(Run(rig, Prompt, new TurnRequest { Tokens = Array.Empty<int>(), Stop = stop }).Select(output => output.Text));
    }

    private static List<TurnOutput> Run(LoopRig rig, int[] tokens, TurnRequest request)
    {
        var sequence = rig.Create(tokens);
        var turn = sequence.Submit(request);
        rig.RunUntilIdle();
        rig.Done(sequence.DisposeAsync());
        return LoopRig.Read(turn);
    }
}
