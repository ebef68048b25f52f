using System.Net;

namespace Orleans.Runtime.Messaging;

/// <summary>Wraps connections in an authenticated, encrypted stream.</summary>
internal interface ITransportSecurity
{
    Task<Stream> ConnectAsync(Stream stream, IPEndPoint endpoint, CancellationToken cancellation);

    Task<Stream> AcceptAsync(Stream stream, CancellationToken cancellation);
}
