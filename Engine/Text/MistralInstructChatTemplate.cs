namespace OrleansLM.Engine.Text;

/// <summary>
/// Mistral-7B-Instruct v0.1 and v0.2: one BOS for the conversation, <c>[INST] question [/INST]</c> and each answer encoded as texts of their own,
/// EOS after each answer. A system message is put in front of the first question, an empty line between.
/// </summary>
internal sealed class MistralInstructChatTemplate : ChatTemplate
{
    public override string Name => "mistral-instruct";

    private protected override IReadOnlyList<string> Markers { get; } = ["[INST]", "[/INST]"];

    private protected override void Write(ModelTokenizer tokenizer, IReadOnlyList<ChatMessage> messages, int? lastToken, List<int> ids)
    {
        EndAnswer(tokenizer, lastToken, ids);
        if (lastToken is null)
        {
            Add(tokenizer.BosTokenId, ids);
        }

        var system = "";
        foreach (var message in messages)
        {
            switch (message.Role)
            {
                case ChatMessage.System:
                    system = $"{message.Content}\n\n";
                    break;
                case ChatMessage.User:
                    ids.AddRange(tokenizer.Encode($"[INST] {system}{message.Content} [/INST]", addBos: false));
                    system = "";
                    break;
                default:
                    ids.AddRange(tokenizer.Encode(message.Content, addBos: false));
                    Add(tokenizer.EosTokenId, ids);
                    break;
            }
        }
    }
}
