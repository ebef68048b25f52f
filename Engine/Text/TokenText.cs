namespace OrleansLM.Engine.Text;

/// <summary>What a token contributes to the text.</summary>
/// <param name="Kind">How to read the rest.</param>
/// <param name="Text">Text: with plain spaces for "▁". Special: the piece, for when special tokens are shown. Byte: the character when the byte is one by itself, else empty.</param>
/// <param name="Value">Byte: the byte, a part of a UTF-8 sequence.</param>
public readonly record struct TokenText(TokenTextKind Kind, string Text, byte Value = 0);
