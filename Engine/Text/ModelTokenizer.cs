namespace OrleansLM.Engine.Text;

/// <summary>Text to ids and back for one model, from its tokenizer.model or tokenizer.json. Thread-safe.</summary>
public abstract class ModelTokenizer
{
    public abstract int VocabularySize { get; }

    public abstract int BosTokenId { get; }

    /// <summary>Ids of <paramref name="text"/>. Special tokens written out in the text are text, not special, unless <paramref name="parseSpecial"/>.</summary>
    public abstract int[] Encode(string text, bool addBos, bool parseSpecial = false);

    /// <summary>Text of a whole sequence (spec §4.4): the dummy space before the first piece is dropped; special tokens are left out unless <paramref name="showSpecial"/>.</summary>
    public abstract string Decode(ReadOnlySpan<int> ids, bool showSpecial = false);

    /// <summary>The piece as the vocabulary has it, for example <c>▁the</c> or <c>&lt;0x0A&gt;</c>.</summary>
    public abstract string Piece(int id);
}
