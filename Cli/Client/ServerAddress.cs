using System.CommandLine;
using System.CommandLine.Parsing;
using Grpc.Core;
using Grpc.Net.Client;

namespace OrleansLM.Cli.Client;

/// <summary>The option that says where the server is, and the channel to it.</summary>
public static class ServerAddress
{
    public const string Default = "http://127.0.0.1:5190";

    public static Option<Uri[]> Option() => new("--server")
    {
        Description = "Address of the gateway, or of several, by commas: when one is lost the next is asked",
        DefaultValueFactory = _ => [.. (Environment.GetEnvironmentVariable("ORLEANSLM_SERVER") ?? Default).Split(',').Select(address => new Uri(address))],
        CustomParser = ParseAll,
    };

    /// <summary>Reads addresses that stand between commas.</summary>
    public static Uri[]? ParseAll(ArgumentResult argument)
    {
        var addresses = new List<Uri>();
        foreach (var value in argument.Tokens[0].Value.Split(',', StringSplitOptions.TrimEntries))
        {
            if (Read(value, argument) is not { } address)
            {
                return null;
            }

            addresses.Add(address);
        }

        return [.. addresses];
    }

    /// <summary>Reads an http address of an option, which the parser cannot do by itself; anything else is reported as an error of the command line.</summary>
    public static Uri? Parse(ArgumentResult argument) => Read(argument.Tokens[0].Value, argument);

    /// <summary>A channel that outlives lost connections, and lost gateways where there are others; messages up to 64 MiB.</summary>
    public static GrpcChannel Connect(params Uri[] addresses) => GrpcChannel.ForAddress(addresses[0], new GrpcChannelOptions
    {
        MaxReceiveMessageSize = 64 * 1024 * 1024,
        MaxSendMessageSize = 64 * 1024 * 1024,
        HttpHandler = new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = true,
            KeepAlivePingDelay = TimeSpan.FromSeconds(20),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
            ConnectTimeout = TimeSpan.FromSeconds(5),
            ConnectCallback = new AnyGateway(addresses).ConnectAsync,
        },
    });

    /// <summary>Failures after which the same call may work: the server is away, or the connection broke.</summary>
    public static bool IsConnectionLoss(this RpcException error) =>
        error.StatusCode is StatusCode.Unavailable || (error.StatusCode is StatusCode.Internal or StatusCode.Unknown or StatusCode.Cancelled && error.InnerException is IOException or HttpRequestException || error.Status.DebugException is IOException or HttpRequestException);

    private static Uri? Read(string value, ArgumentResult argument)
    {
        // host:port alone is what many programs take.
        var written = value.Contains(':') && !value.Contains("://", StringComparison.Ordinal) ? $"http://{value}" : value;
        if (Uri.TryCreate(written, UriKind.Absolute, out var address) && address.Scheme is "http" or "https" && address.AbsolutePath == "/")
        {
            return address;
        }

        argument.AddError($"{argument.Argument.Name} is '{value}'; expected an address such as {Default}");
        return null;
    }
}
