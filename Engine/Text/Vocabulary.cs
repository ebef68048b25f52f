using System.Globalization;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Engine.Text;

/// <summary>Pieces by id, and what each contributes to the text.</summary>
internal sealed class Vocabulary
{
    /// <summary>"▁", U+2581: how the vocabulary writes a space.</summary>
    public const char Space = '\u2581';

    private readonly string[] _pieces;
    private readonly PieceKind[] _kinds;
    private readonly TokenText[] _texts;

    /// <param name="pieces">By id.</param>
    /// <param name="kinds">By id.</param>
    /// <param name="unknownText">What the unknown token is decoded to.</param>
    /// <exception cref="CheckpointException">A byte piece that is not of the form &lt;0xNN&gt;, or two of the same byte.</exception>
    public Vocabulary(string[] pieces, PieceKind[] kinds, string unknownText)
    {
        _pieces = pieces;
        _kinds = kinds;
        _texts = new TokenText[pieces.Length];
        ByteIds = new int[256];
        Array.Fill(ByteIds, -1);
        for (var id = 0; id < pieces.Length; id++)
        {
            _texts[id] = Describe(id, unknownText);
        }

        HasAllBytes = Array.IndexOf(ByteIds, -1) < 0;
    }

    public int Count => _pieces.Length;

    /// <summary>Id of each byte's piece, -1 where there is none, [256].</summary>
    public int[] ByteIds { get; }

    public bool HasAllBytes { get; }

    public string Piece(int id) => _pieces[id];

    public PieceKind Kind(int id) => _kinds[id];

    public TokenText Text(int id) => _texts[id];

    private TokenText Describe(int id, string unknownText) => _kinds[id] switch
    {
        PieceKind.Control => new TokenText(TokenTextKind.Special, _pieces[id]),
        PieceKind.Unknown => new TokenText(TokenTextKind.Text, unknownText),
        PieceKind.Byte => DescribeByte(AddByte(id)),
        _ => new TokenText(TokenTextKind.Text, _pieces[id].Replace(Space, ' ')),
    };

    private static TokenText DescribeByte(byte value) => new(TokenTextKind.Byte, value < 0x80 ? ((char)value).ToString() : "", value);

    private byte AddByte(int id)
    {
        if (!TryParseByte(_pieces[id], out var value))
        {
            throw new CheckpointException($"Piece {id} is of the byte kind and reads '{_pieces[id]}'; expected the form <0xNN>");
        }

        if (ByteIds[value] >= 0)
        {
            throw new CheckpointException($"Pieces {ByteIds[value]} and {id} both stand for byte 0x{value:X2}");
        }

        ByteIds[value] = id;
        return value;
    }

    public static bool TryParseByte(string piece, out byte value)
    {
        value = 0;
        return piece.Length == 6 && piece.StartsWith("<0x", StringComparison.Ordinal) && piece[5] == '>'
            && byte.TryParse(piece.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }
}
