using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Engine.Text;

/// <summary>
/// How a conversation is written for a model that was trained on one: from messages to ids. Contents are encoded as plain text, so no message can
/// speak for another role: special tokens in them stay text, and the template's own markers are refused.
/// </summary>
public abstract class ChatTemplate
{
    private protected ChatTemplate()
    {
    }

    /// <summary>The templates that are known, by name.</summary>
    public static IReadOnlyList<ChatTemplate> All { get; } = [new Llama2ChatTemplate(), new MistralInstructChatTemplate(), new PlainChatTemplate()];

    /// <summary>No template: contents one after the other, for models that were not trained on conversations.</summary>
    public static ChatTemplate None => All[^1];

    public abstract string Name { get; }

    /// <summary>Texts that only the template itself may write.</summary>
    private protected abstract IReadOnlyList<string> Markers { get; }

    /// <exception cref="EngineException">InvalidArgument: no template has this name.</exception>
    public static ChatTemplate Named(string name) =>
        All.FirstOrDefault(template => template.Name == name)
        ?? throw new EngineException(EngineError.InvalidArgument, $"chat template '{name}' is not known; expected one of {string.Join(", ", All.Select(template => template.Name))}") { Field = "template" };

    /// <summary>The template that a model folder names: in tokenizer_config.json or chat_template.jinja; <see cref="None"/> where it names none.</summary>
    /// <exception cref="CheckpointException">It has one that is not known.</exception>
    public static ChatTemplate Of(string directory) => ChatTemplateFile.Read(directory);

    /// <summary>Ids of a new conversation, BOS included, up to the place where the assistant answers next.</summary>
    /// <exception cref="EngineException">InvalidArgument: names the message that is out of order or holds a marker.</exception>
    public int[] Encode(ModelTokenizer tokenizer, IReadOnlyList<ChatMessage> messages) => Encode(tokenizer, messages, lastToken: null);

    /// <summary>Ids to append to a sequence that ends with the assistant's answer: the end of the answer where it is missing, and what the user says next.</summary>
    /// <param name="tokenizer">The model's.</param>
    /// <param name="messages">Beginning with the user's; no system message.</param>
    /// <param name="lastToken">The last id of the sequence.</param>
    /// <exception cref="EngineException">InvalidArgument: names the message that is out of order or holds a marker.</exception>
    public int[] Continue(ModelTokenizer tokenizer, IReadOnlyList<ChatMessage> messages, int lastToken) => Encode(tokenizer, messages, (int?)lastToken);

    private int[] Encode(ModelTokenizer tokenizer, IReadOnlyList<ChatMessage> messages, int? lastToken)
    {
        if (messages.Count == 0)
        {
            throw Wrong("messages", "is empty; expected at least one message");
        }

        CheckOrder(messages, continued: lastToken is not null);
        CheckContents(messages);
        var ids = new List<int>();
        Write(tokenizer, messages, lastToken, ids);
        return [.. ids];
    }

    /// <param name="tokenizer">The model's.</param>
    /// <param name="messages">Checked.</param>
    /// <param name="lastToken">Null at the start of a conversation.</param>
    /// <param name="ids">To append to.</param>
    private protected abstract void Write(ModelTokenizer tokenizer, IReadOnlyList<ChatMessage> messages, int? lastToken, List<int> ids);

    /// <summary>An optional system message, then user and assistant in turn, beginning and ending with the user.</summary>
    private protected virtual void CheckOrder(IReadOnlyList<ChatMessage> messages, bool continued)
    {
        var first = !continued && messages[0].Role == ChatMessage.System ? 1 : 0;
        for (var i = first; i < messages.Count; i++)
        {
            var expected = (i - first) % 2 == 0 ? ChatMessage.User : ChatMessage.Assistant;
            if (messages[i].Role != expected)
            {
                throw Wrong($"messages[{i}].role", $"is '{messages[i].Role}'; expected '{expected}': an optional system message at the start, then user and assistant in turn");
            }
        }

        if (messages[^1].Role != ChatMessage.User)
        {
            throw Wrong($"messages[{messages.Count - 1}].role", $"is '{messages[^1].Role}'; expected the last message to be the user's");
        }
    }

    private void CheckContents(IReadOnlyList<ChatMessage> messages)
    {
        for (var i = 0; i < messages.Count; i++)
        {
            var marker = Markers.FirstOrDefault(marker => messages[i].Content.Contains(marker, StringComparison.Ordinal));
            if (marker is not null)
            {
                throw Wrong($"messages[{i}].content", $"holds '{marker}', which only the template '{Name}' itself may write");
            }
        }
    }

    private protected static EngineException Wrong(string field, string what) => new(EngineError.InvalidArgument, $"{field} {what}") { Field = field };

    /// <summary>Adds EOS unless the answer ended with it.</summary>
    private protected static void EndAnswer(ModelTokenizer tokenizer, int? lastToken, List<int> ids)
    {
        if (lastToken is not null && lastToken != tokenizer.EosTokenId)
        {
            Add(tokenizer.EosTokenId, ids);
        }
    }

    private protected static void Add(int special, List<int> ids)
    {
        if (special >= 0)
        {
            ids.Add(special);
        }
    }
}
