using OrleansLM.Contracts;
using OrleansLM.Contracts.Errors;
using OrleansLM.Engine.Runtime;
using OrleansLM.Silo.Log;
using OrleansLM.Silo.Models;
using OrleansLM.Silo.Sessions;

namespace OrleansLM.Silo.Archives;

/// <summary>What an archive's checkpoints and turns must be like, so that what is made of them is a session as this program itself would have made it.</summary>
internal static class ArchiveRules
{
    /// <exception cref="OrleansLMException">InvalidArgument, <c>ARCHIVE_REFUSED</c>: which of them is wrong, and how.</exception>
    public static void Check(ArchiveHeader header, HostedModel model)
    {
        try
        {
            CheckCheckpoints(header);
            CheckTurns(header, model.Engine.Config.VocabularySize);
        }
        catch (EngineException wrong)
        {
            throw ArchiveFormat.Refused(wrong.Message);
        }
    }

    private static void CheckCheckpoints(ArchiveHeader header)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var checkpoint in header.Checkpoints)
        {
            SessionRules.CheckCheckpointName(checkpoint.Name);
            Require(names.Add(checkpoint.Name), $"it has two checkpoints '{checkpoint.Name}'");
            Require(
                checkpoint.Position >= 0 && checkpoint.Position <= header.Length,
                $"checkpoint '{checkpoint.Name}' lies at {checkpoint.Position}; expected a position in [0, {header.Length}]");
        }
    }

    private static void CheckTurns(ArchiveHeader header, int vocabularySize)
    {
        var ids = new HashSet<string>(StringComparer.Ordinal);
        var keys = new HashSet<string>(StringComparer.Ordinal);
        foreach (var turn in header.Turns)
        {
            Require(turn.TurnId.Length is > 0 and <= SessionNames.MaxSessionIdLength && ids.Add(turn.TurnId), $"turn '{turn.TurnId}' has no name of its own");
            Require(turn.IdempotencyKey is null == turn.CommandHash is null, $"turn '{turn.TurnId}' has an idempotency key without the request's hash, or the other way round");
            Require(turn.IdempotencyKey is not { } key || keys.Add(key), $"two turns have the idempotency key '{turn.IdempotencyKey}'");
            Require(IsWhole(turn.Parameters), $"turn '{turn.TurnId}' lacks parameters");
            CheckExtent(turn, header.Length);
            turn.Parameters.Sampling.Validate(vocabularySize);
            turn.Parameters.Stop.Validate(vocabularySize);
        }
    }

    /// <summary>What JSON left out is null, whatever the type says.</summary>
    private static bool IsWhole(TurnParameters? parameters) => parameters is { Sampling: not null, Stop: { StopTokenIds: not null, StopStrings: not null } };

    private static void CheckExtent(TurnRecord turn, int length)
    {
        Require(turn is { State: TurnState.Ended or TurnState.RolledBack, End: not null }, $"turn '{turn.TurnId}' has not ended");
        var end = turn.End!;
        var whole = turn is { StartPosition: >= 0, PromptTokens: >= 0 } && end.GeneratedTokens >= 0 && end.PromptTokens == turn.PromptTokens
            && end.SessionLength == (long)turn.StartPosition + turn.PromptTokens + end.GeneratedTokens && Enum.IsDefined(end.Reason);
        Require(whole && (turn.State == TurnState.RolledBack || end.SessionLength <= length), $"turn '{turn.TurnId}' reaches beyond the session's {length} tokens, or contradicts itself");
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw ArchiveFormat.Refused(otherwise);
        }
    }
}
