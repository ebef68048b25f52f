namespace OrleansLM.Engine.Runtime.Links;

/// <summary>What a link hands over. Called on the link's own thread: be quick.</summary>
public interface ILinkReceiver
{
    /// <summary>A frame of a kind from <see cref="FrameKind.Step"/> on; the receiver gives it back.</summary>
    void Received(Link link, FrameBuffer frame);

    /// <summary>The link is closed, by whichever side. Called once, nothing follows.</summary>
    void Lost(Link link, string reason);
}
