namespace OrleansLM.Engine.Text;

/// <summary>
/// Llama-2 chat. Every exchange is a text of its own between BOS and EOS: <c>[INST] question [/INST] answer </c>, contents trimmed; a system
/// message stands in front of the first question between <c>&lt;&lt;SYS&gt;&gt;</c> and <c>&lt;&lt;/SYS&gt;&gt;</c>.
/// </summary>
internal sealed class Llama2ChatTemplate : ChatTemplate
{
    public override string Name => "llama-2";

    private protected override IReadOnlyList<string> Markers { get; } = ["[INST]", "[/INST]", "<<SYS>>", "<</SYS>>"];

    private protected override void Write(ModelTokenizer tokenizer, IReadOnlyList<ChatMessage> messages, int? lastToken, List<int> ids)
    {
        EndAnswer(tokenizer, lastToken, ids);
        var system = lastToken is null && messages[0].Role == ChatMessage.System;
        var preamble = system ? $"<<SYS>>\n{messages[0].Content}\n<</SYS>>\n\n" : "";
        for (var i = system ? 1 : 0; i < messages.Count; i += 2)
        {
            Add(tokenizer.BosTokenId, ids);
            var question = $"[INST] {(preamble + messages[i].Content).Trim()} [/INST]";
            preamble = "";
            if (i + 1 == messages.Count)
            {
                ids.AddRange(tokenizer.Encode(question, addBos: false));
                return;
            }

            ids.AddRange(tokenizer.Encode($"{question} {messages[i + 1].Content.Trim()} ", addBos: false));
            Add(tokenizer.EosTokenId, ids);
        }
    }
}
