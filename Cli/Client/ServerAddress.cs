using System.CommandLine;
using System.CommandLine.Parsing;
using Grpc.Core;
using Grpc.Net.Client;

namespace OrleansLM.Cli.Client;

/// <summary>The option that says where the server is, and the channel to it.</summary>
public static class ServerAddress
{
    public const string Default = "http://127.0.0.1:5190";

    public static Option<Uri> Option() => new("--server")
    {
        Description = "Address of the gateway",
        DefaultValueFactory = _ => new Uri(Environment.GetEnvironmentVariable("ORLEANSLM_SERVER") ?? Default),
        CustomParser = Parse,
    };

    /// <summary>Reads an http address of an option, which the parser cannot do by itself; anything else is reported as an error of the command line.</summary>
    public static Uri? Parse(ArgumentResult argument)
    {
        var value = argument.Tokens[0].Value;
        if (Uri.TryCreate(value, UriKind.Absolute, out var address) && address.Scheme is "http" or "https")
        {
            return address;
        }

        argument.AddError($"{argument.Argument.Name} is '{value}'; expected an address such as {Default}");
        return null;
    }

    /// <summary>A channel that outlives lost connections; messages up to 64 MiB.</summary>
    public static GrpcChannel Connect(Uri address) => GrpcChannel.ForAddress(address, new GrpcChannelOptions
    {
        MaxReceiveMessageSize = 64 * 1024 * 1024,
        MaxSendMessageSize = 64 * 1024 * 1024,
        HttpHandler = new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = true,
            KeepAlivePingDelay = TimeSpan.FromSeconds(20),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
            ConnectTimeout = TimeSpan.FromSeconds(5),
        },
    });

    /// <summary>Failures after which the same call may work: the server is away, or the connection broke.</summary>
    public static bool IsConnectionLoss(this RpcException error) =>
        error.StatusCode is StatusCode.Unavailable || (error.StatusCode is StatusCode.Internal or StatusCode.Unknown or StatusCode.Cancelled && error.InnerException is IOException or HttpRequestException || error.Status.DebugException is IOException or HttpRequestException);
}
