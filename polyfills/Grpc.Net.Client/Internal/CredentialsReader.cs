using Grpc.Core;

namespace Grpc.Net.Client.Internal;

/// <summary>Takes channel credentials apart.</summary>
internal sealed class CredentialsReader : ChannelCredentialsConfiguratorBase
{
    private readonly List<CallCredentials> _callCredentials = [];

    public CredentialsReader(ChannelCredentials? credentials) => credentials?.InternalPopulateConfiguration(this, null);

    /// <summary>Null when the credentials do not say.</summary>
    public bool? Secure { get; private set; }

    public IReadOnlyList<CallCredentials> CallCredentials => _callCredentials;

    public override void SetInsecureCredentials(object? state) => Secure = false;

    public override void SetSslCredentials(
        object? state,
        string? rootCertificates,
        KeyCertificatePair? keyCertificatePair,
        VerifyPeerCallback? verifyPeerCallback) => Secure = true;

    public override void SetCompositeCredentials(object? state, ChannelCredentials channelCredentials, CallCredentials callCredentials)
    {
        channelCredentials.InternalPopulateConfiguration(this, state);
        _callCredentials.Add(callCredentials);
    }
}
