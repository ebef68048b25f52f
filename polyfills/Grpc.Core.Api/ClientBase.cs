namespace Grpc.Core;

/// <summary>Base of every generated client.</summary>
public abstract class ClientBase
{
    protected ClientBase()
        : this(new UnconnectedCallInvoker())
    {
    }

    protected ClientBase(ChannelBase channel)
        : this(NotNull(channel).CreateCallInvoker())
    {
    }

    protected ClientBase(CallInvoker callInvoker)
        : this(new ClientBaseConfiguration(callInvoker, null))
    {
    }

    protected ClientBase(ClientBaseConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        Configuration = configuration;
        CallInvoker = configuration.CreateDecoratedCallInvoker();
    }

    protected CallInvoker CallInvoker { get; }

    internal ClientBaseConfiguration Configuration { get; }

    private static ChannelBase NotNull(ChannelBase channel)
    {
        ArgumentNullException.ThrowIfNull(channel);
        return channel;
    }

    /// <summary>The invoker of a client and the host name that its calls ask for.</summary>
    protected internal class ClientBaseConfiguration
    {
        private readonly CallInvoker _undecorated;
        private readonly string? _host;

        internal ClientBaseConfiguration(CallInvoker undecorated, string? host)
        {
            ArgumentNullException.ThrowIfNull(undecorated);
            _undecorated = undecorated;
            _host = host;
        }

        internal ClientBaseConfiguration WithHost(string host) => new(_undecorated, host);

        internal CallInvoker CreateDecoratedCallInvoker() =>
            _host is null ? _undecorated : new HostCallInvoker(_undecorated, _host);
    }
}
