using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Sampling;

namespace OrleansLM.Engine.Tests.Runtime;

public sealed class StopTests
{
    [Fact]
    public void A_stop_string_across_tokens_ends_the_turn_and_is_not_delivered()
    {
        using var rig = new LoopRig();
        var tokens = LoopRig.Tokens(30);
        var text = string.Concat(Run(rig, tokens, new StopConditions { MaxNewTokens = 40, IgnoreEos = true }).Select(output => output.Text));
        var stop = text.Substring(20, 7);
        var stopped = Run(rig, tokens, new StopConditions { MaxNewTokens = 40, IgnoreEos = true, StopStrings = ["never said", stop] });
        Assert.Equal(text[..text.IndexOf(stop, StringComparison.Ordinal)], string.Concat(stopped.Select(output => output.Text)));
        Assert.Equal(FinishReason.Stop, stopped[^1].FinishReason);
        var ids = LoopRig.Ids(stopped);
        Assert.Equal(rig.Expected(tokens, ids.Length), ids);
    }

    [Fact]
    public void What_might_become_a_stop_string_is_held_back_and_delivered_at_the_end()
    {
        using var rig = new LoopRig();
        var tokens = LoopRig.Tokens(30);
        var plain = Run(rig, tokens, new StopConditions { MaxNewTokens = 12, IgnoreEos = true });
        var text = string.Concat(plain.Select(output => output.Text));
        var held = Run(rig, tokens, new StopConditions { MaxNewTokens = 12, IgnoreEos = true, StopStrings = [text[^3..] + "and then something else"] });
        Assert.Equal(text, string.Concat(held.Select(output => output.Text)));
        Assert.EndsWith(text[^3..], held[^1].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_models_own_end_counts_unless_it_is_ignored()
    {
        var tokens = LoopRig.Tokens(30);
        using var plain = new LoopRig();
        var ids = plain.Expected(tokens, 20);
        using var rig = new LoopRig(eos: ids[6]);
        var outputs = Run(rig, tokens, new StopConditions { MaxNewTokens = 20 });
        Assert.Equal(ids[..(Array.IndexOf(ids, ids[6]) + 1)], LoopRig.Ids(outputs));
        Assert.Equal(FinishReason.Stop, outputs[^1].FinishReason);
        outputs = Run(rig, tokens, new StopConditions { MaxNewTokens = 20, IgnoreEos = true });
        Assert.Equal(ids, LoopRig.Ids(outputs));
        Assert.Equal(FinishReason.Length, outputs[^1].FinishReason);
    }

    private static List<TurnOutput> Run(LoopRig rig, int[] tokens, StopConditions stop)
    {
        var turn = rig.Create(tokens).Submit(new TurnRequest { Tokens = Array.Empty<int>(), Stop = stop });
        rig.RunUntilIdle();
        return LoopRig.Read(turn);
    }
}
