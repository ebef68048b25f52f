using Grpc.Core;
using Grpc.Net.Client.Internal;

namespace Grpc.Net.Client;

/// <summary>A connection (or more, when one is full) to a server, made when the first call needs it and made again when it breaks.</summary>
public sealed class GrpcChannel : ChannelBase, IDisposable
{
    private readonly ChannelSettings _settings;
    private readonly ActiveCalls _calls = new();
    private readonly HttpCallInvoker _invoker;

    private GrpcChannel(Uri address, GrpcChannelOptions options)
        : base(address.Authority)
    {
        _settings = new ChannelSettings(address, options);
        _invoker = new HttpCallInvoker(_settings, _calls);
    }

    public static GrpcChannel ForAddress(string address) => ForAddress(address, new GrpcChannelOptions());

    public static GrpcChannel ForAddress(string address, GrpcChannelOptions channelOptions) => ForAddress(new Uri(address), channelOptions);

    public static GrpcChannel ForAddress(Uri address) => ForAddress(address, new GrpcChannelOptions());

    /// <exception cref="ArgumentException">The address is not http or https.</exception>
    public static GrpcChannel ForAddress(Uri address, GrpcChannelOptions channelOptions)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(channelOptions);
        return new GrpcChannel(address, channelOptions);
    }

    public override CallInvoker CreateCallInvoker()
    {
        ObjectDisposedException.ThrowIf(_calls.Closed, this);
        return _invoker;
    }

    /// <summary>Ends all calls that are running and closes the connections.</summary>
    public void Dispose()
    {
        if (_calls.Close())
        {
            _settings.Dispose();
        }
    }

    protected override Task ShutdownAsyncCore()
    {
        Dispose();
        return Task.CompletedTask;
    }
}
