using System.Net;
using Microsoft.Extensions.Logging;

namespace Orleans.Runtime.Messaging;

internal sealed partial class TcpTransport
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Listening for {Who} on {Endpoint}.")]
    private partial void LogListening(string who, IPEndPoint endpoint);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Refused a connection from {Peer} at {Endpoint}: {Reason}")]
    private partial void LogRefused(SiloAddress peer, EndPoint? endpoint, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Peer} refused the connection: {Reason}")]
    private partial void LogRefusedBy(SiloAddress peer, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A connection from {Endpoint} was not set up.")]
    private partial void LogAcceptFailed(EndPoint? endpoint, Exception exception);

    [LoggerMessage(Level = LogLevel.Information, Message = "Connected with {Peer}.")]
    private partial void LogConnected(SiloAddress peer);

    [LoggerMessage(Level = LogLevel.Information, Message = "The connection with {Peer} has ended.")]
    private partial void LogDisconnected(SiloAddress peer, Exception? exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "A message from {Peer} could not be handled.")]
    private partial void LogReceiveFailed(SiloAddress peer, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Dropped, since it could not be sent: {Message}")]
    private partial void LogDropped(Message message, Exception? exception);
}
