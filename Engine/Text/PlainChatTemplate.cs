namespace OrleansLM.Engine.Text;

/// <summary>No template: the contents, one after the other, in any order of roles.</summary>
internal sealed class PlainChatTemplate : ChatTemplate
{
    public override string Name => "none";

    private protected override IReadOnlyList<string> Markers => [];

    private protected override void CheckOrder(IReadOnlyList<ChatMessage> messages, bool continued)
    {
    }

    private protected override void Write(ModelTokenizer tokenizer, IReadOnlyList<ChatMessage> messages, int? lastToken, List<int> ids) =>
        ids.AddRange(tokenizer.Encode(string.Concat(messages.Select(message => message.Content)), addBos: lastToken is null));
}
