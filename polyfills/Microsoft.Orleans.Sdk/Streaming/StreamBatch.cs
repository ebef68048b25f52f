using Orleans.Serialization;

namespace Orleans.Streaming;

/// <summary>Elements that go over together.</summary>
internal abstract class StreamBatch
{
    /// <summary>Replaces the elements by copies; the batch itself belongs to the message already.</summary>
    public abstract void CopyElements(CopyContext context);
}
