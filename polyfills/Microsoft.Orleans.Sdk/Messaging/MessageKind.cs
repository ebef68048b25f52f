namespace Orleans.Runtime.Messaging;

internal enum MessageKind : byte
{
    Request,
    OneWay,
    Response,

    /// <summary>Takes back the request with the same id.</summary>
    Cancel,

    /// <summary>Tells a sender to which silo its request was sent on, so that it looks there from now on.</summary>
    Moved,
}
