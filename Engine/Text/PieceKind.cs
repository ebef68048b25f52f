namespace OrleansLM.Engine.Text;

/// <summary>What a piece of the vocabulary is; the numbers are those of tokenizer.model (spec §4.1).</summary>
internal enum PieceKind : byte
{
    Normal = 1,
    Unknown = 2,
    Control = 3,
    UserDefined = 4,
    Unused = 5,
    Byte = 6,
}
