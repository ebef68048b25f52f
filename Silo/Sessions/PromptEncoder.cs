using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Messages;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Text;
using OrleansLM.Silo.Models;

namespace OrleansLM.Silo.Sessions;

/// <summary>Input of any kind to ids. Text and messages begin with BOS where the sequence is empty; ids are taken as they are.</summary>
internal static class PromptEncoder
{
    /// <summary>No vocabulary here has pieces longer than this, so a text this many times longer than the limit need not be encoded to be refused.</summary>
    private const int LongestPiece = 256;

    /// <exception cref="OrleansLMException">InvalidArgument with the field; FailedPrecondition: messages without a template.</exception>
    public static int[] Encode(ModelInput input, HostedModel model, int? lastToken, int maxTokens)
    {
        CheckKind(input);
        CheckCharacters(input, maxTokens);
        var ids = input switch
        {
            { Text: { } text } => model.Engine.Tokenizer.Encode(text, addBos: lastToken is null),
            { TokenIds: { } given } => Checked(given, model.VocabularySize),
            { Messages: { } messages } => EncodeMessages(messages, input.ChatTemplate, model, lastToken),
            _ => [],
        };
        return ids.Length <= maxTokens ? ids : throw TooLong($"has {ids.Length} tokens", maxTokens);
    }

    private static void CheckKind(ModelInput input)
    {
        var kinds = (input.Text is null ? 0 : 1) + (input.TokenIds is null ? 0 : 1) + (input.Messages is null ? 0 : 1);
        if (kinds > 1)
        {
            throw OrleansLMException.Invalid("input", $"has {kinds} kinds of content; expected one of text, tokens and chat");
        }
    }

    private static void CheckCharacters(ModelInput input, int maxTokens)
    {
        var characters = (input.Text?.Length ?? 0) + (input.Messages?.Sum(message => (long)message.Content.Length) ?? 0);
        if (characters > (long)maxTokens * LongestPiece)
        {
            throw TooLong($"has {characters} characters", maxTokens);
        }
    }

    private static int[] Checked(IReadOnlyList<int> ids, int vocabulary)
    {
        var copy = ids.ToArray();
        for (var i = 0; i < copy.Length; i++)
        {
            SettingsRules.InVocabulary($"input.tokens.ids[{i}]", copy[i], vocabulary);
        }

        return copy;
    }

    private static int[] EncodeMessages(IReadOnlyList<TextMessage> messages, string? templateName, HostedModel model, int? lastToken)
    {
        try
        {
            var template = string.IsNullOrEmpty(templateName) ? model.ChatTemplate ?? throw NoTemplate(model) : ChatTemplate.Named(templateName);
            var chat = messages.Select(message => new ChatMessage(message.Role, message.Content)).ToList();
            return lastToken is { } last ? template.Continue(model.Engine.Tokenizer, chat, last) : template.Encode(model.Engine.Tokenizer, chat);
        }
        catch (EngineException failure)
        {
            throw new OrleansLMException(ErrorCode.InvalidArgument, $"input.chat.{failure.Message}") { Field = $"input.chat.{failure.Field}" };
        }
    }

    private static OrleansLMException NoTemplate(HostedModel model) =>
        new(ErrorCode.FailedPrecondition, $"input.chat.template: model '{model.Name}' has no chat template; name one, or send text")
        {
            Field = "input.chat.template",
            Reason = "NO_CHAT_TEMPLATE",
        };

    private static OrleansLMException TooLong(string what, int maxTokens) => new(ErrorCode.InvalidArgument, $"input: {what}; expected {maxTokens} tokens at most in one turn")
    {
        Field = "input",
        Reason = "PROMPT_TOO_LONG",
    };
}
