namespace Orleans.Runtime.Messaging;

internal enum MessageKind : byte
{
    Request,
    OneWay,
    Response,

    /// <summary>Takes back the request with the same id.</summary>
    Cancel,
}
