using System.Buffers.Binary;
using System.Security.Cryptography;
using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Messages;
using OrleansLM.Engine.Sampling;
using OrleansLM.Silo.Log;
using OrleansLM.Silo.Models;

namespace OrleansLM.Silo.Sessions;

/// <summary>Turns a command into a plan: request over session defaults over greedy decoding. Changes nothing.</summary>
internal static class TurnPlanner
{
    /// <param name="command">What is asked for.</param>
    /// <param name="session">As it stands.</param>
    /// <param name="lastToken">The session's last token; null when it is empty.</param>
    /// <param name="model">The session's.</param>
    /// <param name="options">Limits.</param>
    /// <exception cref="OrleansLMException">InvalidArgument with the field; FailedPrecondition when the context is full or the length is not the expected one.</exception>
    public static TurnPlan Plan(TurnCommand command, SessionRecord session, int? lastToken, HostedModel model, SessionOptions options)
    {
        CheckLength(command, session);
        SettingsRules.Check(command.Sampling, "sampling", model.VocabularySize);
        SettingsRules.Check(command.Stop, "stop", model.VocabularySize);
        var prompt = PromptEncoder.Encode(command.Input, model, lastToken, options.MaxPromptTokens);
        CheckPrompt(command, session, prompt);
        return new TurnPlan(prompt, new TurnParameters
        {
            Sampling = Merge(command.Sampling, session.SamplingDefaults),
            Stop = Merge(command, session.StopDefaults, Room(session, model, prompt.Length, command.AppendOnly), options.DefaultMaxTokens),
            PromptLogProbs = PromptLogProbs(command.PromptLogProbs),
            CancelOnDisconnect = command.OnDisconnect == DisconnectPolicy.Cancel,
        });
    }

    private static void CheckLength(TurnCommand command, SessionRecord session)
    {
        if (command.ExpectedLength is { } expected && expected != session.Length)
        {
            throw new OrleansLMException(ErrorCode.FailedPrecondition, $"expected_length: is {expected}; the session has {session.Length} tokens")
            {
                Field = "expected_length",
                Reason = "LENGTH_MISMATCH",
            };
        }
    }

    private static void CheckPrompt(TurnCommand command, SessionRecord session, int[] prompt)
    {
        if (prompt.Length > 0)
        {
            return;
        }

        if (command.AppendOnly)
        {
            throw OrleansLMException.Invalid("input", "has no tokens; expected some to append");
        }

        if (session.Length == 0)
        {
            throw OrleansLMException.Invalid("input", "has no tokens and the session is empty; expected something to go on from");
        }
    }

    /// <summary>Tokens that the context has left after the prompt; at least one unless nothing is to be generated.</summary>
    private static int Room(SessionRecord session, HostedModel model, int promptTokens, bool appendOnly)
    {
        if (model.ContextTokens is not { } context)
        {
            return int.MaxValue - session.Length - promptTokens;
        }

        var room = context - session.Length - promptTokens;
        return room >= (appendOnly ? 0 : 1) ? room : throw new OrleansLMException(
            ErrorCode.FailedPrecondition,
            $"input: {session.Length} tokens of the session and {promptTokens} of the input leave {room} of the model's context of {context}; roll back, or open a session")
        {
            Field = "input",
            Reason = "CONTEXT_FULL",
        };
    }

    private static SamplingParameters Merge(SamplingSettings turn, SamplingSettings session) => new()
    {
        Temperature = turn.Temperature ?? session.Temperature ?? 0f,
        TopK = turn.TopK ?? session.TopK ?? 0,
        TopP = turn.TopP ?? session.TopP ?? 1f,
        MinP = turn.MinP ?? session.MinP ?? 0f,
        RepetitionPenalty = turn.RepetitionPenalty ?? session.RepetitionPenalty ?? 1f,
        PresencePenalty = turn.PresencePenalty ?? session.PresencePenalty ?? 0f,
        FrequencyPenalty = turn.FrequencyPenalty ?? session.FrequencyPenalty ?? 0f,
        LogitBias = NullIfEmpty(turn.LogitBias) ?? NullIfEmpty(session.LogitBias),
        Seed = turn.Seed ?? session.Seed ?? PickSeed(),
        LogProbs = turn.LogProbs ?? session.LogProbs,
    };

    private static StopConditions Merge(TurnCommand command, StopSettings session, int room, int defaultMaxTokens) => new()
    {
        MaxNewTokens = command.AppendOnly ? 0 : Math.Min(command.Stop.MaxTokens ?? session.MaxTokens ?? defaultMaxTokens, room),
        StopStrings = command.Stop.Stop ?? session.Stop ?? [],
        StopTokenIds = command.Stop.StopTokenIds ?? session.StopTokenIds ?? [],
        IgnoreEos = command.Stop.IgnoreEos ?? session.IgnoreEos ?? false,
    };

    private static IReadOnlyDictionary<int, float>? NullIfEmpty(IReadOnlyDictionary<int, float>? bias) => bias is { Count: > 0 } ? bias : null;

    private static int? PromptLogProbs(int? alternatives) => alternatives is null or (>= 0 and <= SettingsRules.MaxLogProbs)
        ? alternatives
        : throw OrleansLMException.Invalid("prompt_log_probs", $"is {alternatives}; expected a value in [0, {SettingsRules.MaxLogProbs}]");

    private static ulong PickSeed() => BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(ulong)));
}
