using System.Text;

namespace OrleansLM.Engine.Runtime.Links;

/// <summary>The payload of a received frame. Whoever takes it gives it back with <see cref="Dispose"/>, once: that lets the other side send another.</summary>
public sealed class FrameBuffer : IDisposable
{
    private readonly Link _link;
    private byte[] _bytes = [];

    internal FrameBuffer(Link link)
    {
        _link = link;
    }

    public ReadOnlySpan<byte> Payload => _bytes.AsSpan(0, Header.Length);

    public FrameHeader Header { get; private set; }

    /// <summary>The payload as text.</summary>
    public string Text => Encoding.UTF8.GetString(Payload);

    public void Dispose() => _link.GiveBack(this);

    internal Span<byte> Prepare(FrameHeader header)
    {
        if (_bytes.Length < header.Length)
        {
            _bytes = GC.AllocateUninitializedArray<byte>(header.Length);
        }

        Header = header;
        return _bytes.AsSpan(0, header.Length);
    }
}
