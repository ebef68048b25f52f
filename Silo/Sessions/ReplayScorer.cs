using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Sampling;
using OrleansLM.Silo.Models;

namespace OrleansLM.Silo.Sessions;

/// <summary>
/// Brings a replay of a turn that has ended to its readers. Log-probabilities are computed again on a sequence of its own, which shares what the session's
/// sequence has computed before them.
/// </summary>
internal static class ReplayScorer
{
    /// <summary>Returns once the buffer can be read; what has to be scored comes as it is scored.</summary>
    public static async Task PlayAsync(TurnReplay replay, Contracts.Messages.TurnEnd end, SequenceSlot slot, HostedModel model)
    {
        if (replay.Alternatives is not { } alternatives)
        {
            replay.End(end);
            return;
        }

        var sequence = await SequenceAsync(replay, slot, model);
        _ = Task.Run(() => ScoreAsync(replay, end, sequence, alternatives));
    }

    private static async Task<IEngineSequence> SequenceAsync(TurnReplay replay, SequenceSlot slot, HostedModel model)
    {
        try
        {
            return await slot.TryForkAsync(replay.ScoreStart) ?? model.Engine.CreateSequence(replay.Before);
        }
        catch (EngineException failure)
        {
            throw EngineErrors.Translate(failure);
        }
    }

    private static async Task ScoreAsync(TurnReplay replay, Contracts.Messages.TurnEnd end, IEngineSequence sequence, int alternatives)
    {
        try
        {
            await using (sequence)
            {
                var turn = sequence.Submit(new TurnRequest { Tokens = replay.Scored, Stop = new StopConditions { MaxNewTokens = 0 }, PromptLogProbs = alternatives });
                await ReadAsync(replay, turn);
            }

            replay.End(end);
        }
        catch (Exception failure)
        {
            replay.Buffer.Fail(EngineErrors.Translate(failure));
        }
    }

    private static async Task ReadAsync(TurnReplay replay, IEngineTurn turn)
    {
        while (await turn.Output.WaitToReadAsync())
        {
            while (turn.Output.TryRead(out var item))
            {
                if (item.Kind == TurnOutputKind.PromptLogProb)
                {
                    replay.Add(item);
                }
            }

            replay.Buffer.Publish();
        }
    }
}
