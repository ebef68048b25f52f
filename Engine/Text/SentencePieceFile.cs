using System.Text;
using Google.Protobuf;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Engine.Text;

/// <summary>
/// Reads tokenizer.model, a SentencePiece ModelProto (spec §4.1). Only byte-pair models that leave the text as it is are accepted; anything
/// else is refused by name, because guessing would give other ids without a word.
/// </summary>
internal sealed class SentencePieceFile
{
    private const int BytePairModel = 2;
    private const int MaxPieces = 1 << 20;

    private readonly string _path;
    private readonly List<string> _pieces = [];
    private readonly List<float> _scores = [];
    private readonly List<PieceKind> _kinds = [];
    private readonly Dictionary<string, int> _idOf = new(StringComparer.Ordinal);
    private int _modelType = 1;
    private bool _byteFallback;
    private bool _whitespaceAsSuffix;
    private int _unknownId;
    private int _bosId = 1;
    private int _eosId = 2;
    private string _unknownText = " \u2047 ";
    private string _normalizerName = "";
    private int _charsmapLength;
    private bool _addDummyPrefix = true;
    private bool _removeExtraWhitespaces = true;
    private bool _escapeWhitespaces = true;

    private SentencePieceFile(string path) => _path = path;

    /// <exception cref="CheckpointException">Damaged, or not supported.</exception>
    public static ModelTokenizer Open(string path, TokenizerConfigFile config)
    {
        var file = new SentencePieceFile(path);
        try
        {
            file.ReadModel(new CodedInputStream(File.ReadAllBytes(path)));
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new CheckpointException($"{path} is not a SentencePiece model: {e.Message}", e);
        }

        file.Check();
        return file.Build(config);
    }

    private BytePairTokenizer Build(TokenizerConfigFile config)
    {
        var vocabulary = new Vocabulary([.. _pieces], [.. _kinds], _unknownText);
        if (_byteFallback && !vocabulary.HasAllBytes)
        {
            throw Refuse($"byte_fallback is set and the piece of byte 0x{Array.IndexOf(vocabulary.ByteIds, -1):X2} is missing");
        }

        var encoder = new BytePairEncoder(vocabulary, new ScoreMerges(vocabulary, _scores.ToArray()), _unknownId, fuseUnknown: true);
        return new BytePairTokenizer(vocabulary, encoder, new BytePairTokenizerPlan
        {
            Normalizer = new TextNormalizer(ReplaceSpaces: true, _addDummyPrefix ? PrefixRule.Always : PrefixRule.Never),
            AddsBos = config.AddsBos,
            BosTokenId = _bosId,
            EosTokenId = _eosId,
            DropsFirstSpace = _addDummyPrefix,
            SpecialTokens = [.. _idOf.Where(piece => _kinds[piece.Value] is PieceKind.Control or PieceKind.Unknown)],
        });
    }

    private void ReadModel(CodedInputStream input)
    {
        for (var tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            switch (WireFormat.GetTagFieldNumber(tag))
            {
                case 1:
                    ReadPiece(Message(input, tag));
                    break;
                case 2:
                    ReadTrainerSpec(Message(input, tag));
                    break;
                case 3:
                    ReadNormalizerSpec(Message(input, tag));
                    break;
                default:
                    input.SkipLastField();
                    break;
            }
        }
    }

    private void ReadPiece(CodedInputStream input)
    {
        var (piece, score, kind) = ("", 0f, (int)PieceKind.Normal);
        for (var tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            switch (WireFormat.GetTagFieldNumber(tag))
            {
                case 1:
                    piece = Utf8(Bytes(input, tag));
                    break;
                case 2:
                    Expect(tag, WireFormat.WireType.Fixed32);
                    score = input.ReadFloat();
                    break;
                case 3:
                    kind = Integer(input, tag);
                    break;
                default:
                    input.SkipLastField();
                    break;
            }
        }

        Add(piece, score, kind);
    }

    private void Add(string piece, float score, int kind)
    {
        var id = _pieces.Count;
        if (id == MaxPieces)
        {
            throw Refuse($"more than {MaxPieces} pieces");
        }

        if (piece.Length == 0 || !float.IsFinite(score) || kind is < (int)PieceKind.Normal or > (int)PieceKind.Byte)
        {
            throw Refuse($"piece {id} ('{piece}', score {score}, type {kind}); expected text, a finite score and a type in [1, 6]");
        }

        if (!_idOf.TryAdd(piece, id))
        {
            throw Refuse($"pieces {_idOf[piece]} and {id} are both '{piece}'");
        }

        _pieces.Add(piece);
        _scores.Add(score);
        _kinds.Add((PieceKind)kind);
    }

    private void ReadTrainerSpec(CodedInputStream input)
    {
        for (var tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            switch (WireFormat.GetTagFieldNumber(tag))
            {
                case 3:
                    _modelType = Integer(input, tag);
                    break;
                case 24:
                    _whitespaceAsSuffix = Integer(input, tag) != 0;
                    break;
                case 35:
                    _byteFallback = Integer(input, tag) != 0;
                    break;
                case 40:
                    _unknownId = Integer(input, tag);
                    break;
                case 41:
                    _bosId = Integer(input, tag);
                    break;
                case 42:
                    _eosId = Integer(input, tag);
                    break;
                case 44:
                    _unknownText = Utf8(Bytes(input, tag));
                    break;
                default:
                    input.SkipLastField();
                    break;
            }
        }
    }

    private void ReadNormalizerSpec(CodedInputStream input)
    {
        for (var tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            switch (WireFormat.GetTagFieldNumber(tag))
            {
                case 1:
                    _normalizerName = Utf8(Bytes(input, tag));
                    break;
                case 2:
                    _charsmapLength = Bytes(input, tag).Length;
                    break;
                case 3:
                    _addDummyPrefix = Integer(input, tag) != 0;
                    break;
                case 4:
                    _removeExtraWhitespaces = Integer(input, tag) != 0;
                    break;
                case 5:
                    _escapeWhitespaces = Integer(input, tag) != 0;
                    break;
                default:
                    input.SkipLastField();
                    break;
            }
        }
    }

    private void Check()
    {
        Require(_modelType == BytePairModel, $"trainer_spec.model_type is {_modelType}; expected 2 (BPE)");
        Require(_charsmapLength == 0, $"normalizer_spec '{_normalizerName}' has a precompiled_charsmap of {_charsmapLength} bytes; expected none (identity)");
        Require(!_removeExtraWhitespaces, "normalizer_spec.remove_extra_whitespaces is true; expected false");
        Require(_escapeWhitespaces, "normalizer_spec.escape_whitespaces is false; expected true");
        Require(!_whitespaceAsSuffix, "trainer_spec.treat_whitespace_as_suffix is true; expected false");
        Require(_pieces.Count > 0, "it has no pieces");
        Require(IsId(_unknownId) && _kinds[_unknownId] == PieceKind.Unknown, $"trainer_spec.unk_id is {_unknownId}; expected the id of a piece of type 2 (UNKNOWN)");
        Require(_bosId == -1 || IsId(_bosId), $"trainer_spec.bos_id is {_bosId}; expected -1 or an id in [0, {_pieces.Count})");
        Require(_eosId == -1 || IsId(_eosId), $"trainer_spec.eos_id is {_eosId}; expected -1 or an id in [0, {_pieces.Count})");
    }

    private bool IsId(int id) => id >= 0 && id < _pieces.Count;

    private void Require(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw Refuse(otherwise);
        }
    }

    private CheckpointException Refuse(string what) => new($"{_path}: {what}");

    private CodedInputStream Message(CodedInputStream input, uint tag) => new(Bytes(input, tag));

    private byte[] Bytes(CodedInputStream input, uint tag)
    {
        Expect(tag, WireFormat.WireType.LengthDelimited);
        return input.ReadBytes().ToByteArray();
    }

    /// <summary>Enumerations, booleans and ids; -1 is written as ten bytes, of which the low 32 bits count.</summary>
    private int Integer(CodedInputStream input, uint tag)
    {
        Expect(tag, WireFormat.WireType.Varint);
        return input.ReadInt32();
    }

    private void Expect(uint tag, WireFormat.WireType type)
    {
        if (WireFormat.GetTagWireType(tag) != type)
        {
            throw Refuse($"field {WireFormat.GetTagFieldNumber(tag)} has wire type {WireFormat.GetTagWireType(tag)}; expected {type}. It is not a SentencePiece model");
        }
    }

    private string Utf8(byte[] bytes)
    {
        try
        {
            return new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(bytes);
        }
        catch (DecoderFallbackException e)
        {
            throw new CheckpointException($"{_path}: the text of piece {_pieces.Count} is not UTF-8", e);
        }
    }
}
