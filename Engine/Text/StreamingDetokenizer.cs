using System.Buffers;
using System.Text;

namespace OrleansLM.Engine.Text;

/// <summary>
/// Turns ids into text one by one (spec §4.4). Only whole characters are given out: the bytes of a character are held back until it is
/// complete, and each byte that can belong to none becomes U+FFFD. The pieces put together equal <see cref="ModelTokenizer.Decode(ReadOnlySpan{int}, bool)"/>
/// of the whole, and depend on the ids alone, so replaying the same ids gives the same pieces.
/// </summary>
public sealed class StreamingDetokenizer
{
    private const int LongestCharacter = 4;

    private readonly ModelTokenizer _tokenizer;
    private readonly bool _showSpecial;
    private readonly byte[] _pending = new byte[LongestCharacter];
    private int _pendingCount;
    private bool _atStart;

    /// <summary>Begins a text.</summary>
    public StreamingDetokenizer(ModelTokenizer tokenizer, bool showSpecial = false)
        : this(tokenizer, [], showSpecial)
    {
    }

    /// <summary>
    /// Goes on after <paramref name="before"/>: the first piece keeps its space when any token before it was visible, and bytes of an unfinished
    /// character at the end are completed.
    /// </summary>
    public StreamingDetokenizer(ModelTokenizer tokenizer, ReadOnlySpan<int> before, bool showSpecial = false)
    {
        _tokenizer = tokenizer;
        _showSpecial = showSpecial;
        _atStart = tokenizer.DropsFirstSpace && !AnyVisible(before);
        for (var i = TrailingBytes(before); i > 0; i--)
        {
            Push(before[^i]);
        }
    }

    /// <summary>Text that became final with this token; often empty.</summary>
    public string Push(int id)
    {
        var token = _tokenizer.TextOf(id);
        switch (token.Kind)
        {
            case TokenTextKind.Byte when _pendingCount == 0 && token.Text.Length > 0:
                _atStart = false;
                return token.Text;
            case TokenTextKind.Byte:
                _atStart = false;
                return PushByte(token.Value);
            case TokenTextKind.Special when !_showSpecial || token.Text.Length == 0:
                return Flush();
            default:
                var text = _atStart && token.Text.StartsWith(' ') ? token.Text[1..] : token.Text;
                _atStart = false;
                return _pendingCount == 0 ? text : Flush() + text;
        }
    }

    /// <summary>The bytes that are held back, as U+FFFD each.</summary>
    public string Flush()
    {
        if (_pendingCount == 0)
        {
            return "";
        }

        var text = new string((char)Rune.ReplacementChar.Value, _pendingCount);
        _pendingCount = 0;
        return text;
    }

    private string PushByte(byte value)
    {
        _pending[_pendingCount++] = value;
        var text = "";
        while (_pendingCount > 0)
        {
            var status = Rune.DecodeFromUtf8(_pending.AsSpan(0, _pendingCount), out var rune, out var used);
            if (status == OperationStatus.NeedMoreData)
            {
                break;
            }

            // One U+FFFD per byte that no character can begin with, as sentencepiece does; .NET would take several bytes for one.
            used = status == OperationStatus.Done ? used : 1;
            var decoded = status == OperationStatus.Done ? rune.ToString() : "\uFFFD";
            text = text.Length == 0 ? decoded : text + decoded;
            _pendingCount -= used;
            _pending.AsSpan(used, _pendingCount).CopyTo(_pending);
        }

        return text;
    }

    private bool AnyVisible(ReadOnlySpan<int> ids)
    {
        foreach (var id in ids)
        {
            if (_showSpecial || _tokenizer.TextOf(id).Kind != TokenTextKind.Special)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>How many byte tokens the sequence ends with, at most as many as an unfinished character can have.</summary>
    private int TrailingBytes(ReadOnlySpan<int> ids)
    {
        var count = 0;
        while (count < LongestCharacter - 1 && count < ids.Length && _tokenizer.TextOf(ids[^(count + 1)]).Kind == TokenTextKind.Byte)
        {
            count++;
        }

        return count;
    }
}
