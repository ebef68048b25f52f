using Microsoft.Extensions.Logging;

namespace Orleans.Runtime.Messaging;

internal sealed partial class TcpGateways
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "The list of gateways could not be read; the last one stays in use.")]
    private partial void LogListFailed(Exception exception);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Gateway {Gateway} cannot be reached.")]
    private partial void LogUnreachable(SiloAddress gateway, Exception exception);

    [LoggerMessage(Level = LogLevel.Information, Message = "The gateways are {Gateways}.")]
    private partial void LogGateways(IReadOnlyList<SiloAddress> gateways);
}
