using OrleansLM.Silo.Log;
using OrleansLM.Silo.Models;

namespace OrleansLM.Silo.Sessions;

/// <summary>
/// What a caller is told when a session goes beyond the length that its model was trained for: by a turn that begins within that length and may end beyond it.
/// This follows from the turn alone, so that it is known before the first token, a turn that is resumed says it again, and no turn says it that begins beyond.
/// </summary>
internal static class LengthNotice
{
    public static string? Of(TurnRecord turn, HostedModel model)
    {
        var longest = (long)turn.GenerationStart + turn.Parameters.Stop.MaxNewTokens;
        return model.TrainedTokens is { } trained && turn.StartPosition <= trained && longest > trained
            ? $"the session may become longer than the {trained} tokens that model {model.Name} was trained for: it goes on, quality may change"
            : null;
    }
}
