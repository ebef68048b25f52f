using Google.Protobuf;
using OrleansLM.Engine.Text;

namespace OrleansLM.Engine.Tests.Text;

/// <summary>Writes small tokenizer.model files with whatever is to be tried.</summary>
internal sealed class SentencePieceModelWriter
{
    private readonly List<(string Piece, float Score, int Kind)> _pieces = [("<unk>", 0, 2), ("<s>", 0, 3), ("</s>", 0, 3)];

    public Dictionary<int, int> Trainer { get; } = new() { [3] = 2, [40] = 0, [41] = 1, [42] = 2 };

    public Dictionary<int, int> Normalizer { get; } = new() { [3] = 1, [4] = 0 };

    public byte[] Charsmap { get; set; } = [];

    public SentencePieceModelWriter Add(string piece, float score, int kind = 1)
    {
        _pieces.Add((piece, score, kind));
        return this;
    }

    public SentencePieceModelWriter AddBytes()
    {
        for (var value = 0; value < 256; value++)
        {
            Add($"<0x{value:X2}>", 0, 6);
        }

        Trainer[35] = 1;
        return this;
    }

    public byte[] ToBytes()
    {
        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream, leaveOpen: true))
        {
            foreach (var piece in _pieces)
            {
                WriteMessage(output, 1, inner => WritePiece(inner, piece));
            }

            WriteMessage(output, 2, inner => WriteNumbers(inner, Trainer));
            WriteMessage(output, 3, WriteNormalizer);
        }

        return stream.ToArray();
    }

    /// <summary>Writes the file into a folder of its own and opens that.</summary>
    public ModelTokenizer Open() => OpenBytes(ToBytes());

    public static ModelTokenizer OpenBytes(byte[] bytes)
    {
        var folder = Directory.CreateTempSubdirectory("tokenizer-");
        try
        {
            File.WriteAllBytes(Path.Combine(folder.FullName, ModelTokenizers.ModelFile), bytes);
            return ModelTokenizers.Open(folder.FullName);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private void WriteNormalizer(CodedOutputStream output)
    {
        output.WriteTag(1, WireFormat.WireType.LengthDelimited);
        output.WriteString(Charsmap.Length == 0 ? "identity" : "nmt_nfkc");
        output.WriteTag(2, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(ByteString.CopyFrom(Charsmap));
        WriteNumbers(output, Normalizer);
    }

    private static void WritePiece(CodedOutputStream output, (string Piece, float Score, int Kind) piece)
    {
        output.WriteTag(1, WireFormat.WireType.LengthDelimited);
        output.WriteString(piece.Piece);
        output.WriteTag(2, WireFormat.WireType.Fixed32);
        output.WriteFloat(piece.Score);
        if (piece.Kind != 1)
        {
            output.WriteTag(3, WireFormat.WireType.Varint);
            output.WriteInt32(piece.Kind);
        }
    }

    private static void WriteNumbers(CodedOutputStream output, Dictionary<int, int> numbers)
    {
        foreach (var (field, value) in numbers)
        {
            output.WriteTag(field, WireFormat.WireType.Varint);
            output.WriteInt32(value);
        }
    }

    private static void WriteMessage(CodedOutputStream output, int field, Action<CodedOutputStream> write)
    {
        using var stream = new MemoryStream();
        using (var inner = new CodedOutputStream(stream, leaveOpen: true))
        {
            write(inner);
        }

        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(ByteString.CopyFrom(stream.ToArray()));
    }
}
