using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Orleans.Runtime.Messaging;

namespace Orleans.Connections.Security;

/// <summary>Connections as TLS streams.</summary>
internal sealed class TlsSecurity(TlsOptions options) : ITransportSecurity
{
    public Task<Stream> ConnectAsync(Stream stream, IPEndPoint endpoint, CancellationToken cancellation) => SecureAsync(
        stream,
        cancellation,
        (tls, stop) =>
        {
            var client = new TlsClientAuthenticationOptions { TargetHost = endpoint.Address.ToString() };
            options.OnAuthenticateAsClient?.Invoke(new DefaultConnectionContext { RemoteEndPoint = endpoint }, client);
            return tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = client.TargetHost,
                    ClientCertificates = options.LocalCertificate is { } certificate ? [certificate] : [],
                    RemoteCertificateValidationCallback = (_, certificate, chain, errors) => IsAccepted(options.RemoteCertificateMode, certificate, chain, errors),
                },
                stop);
        });

    public Task<Stream> AcceptAsync(Stream stream, CancellationToken cancellation) => SecureAsync(
        stream,
        cancellation,
        (tls, stop) => tls.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions
            {
                ServerCertificate = options.LocalCertificate ?? throw new AuthenticationException("this side accepts connections and has no certificate"),
                ClientCertificateRequired = options.ClientCertificateMode != RemoteCertificateMode.NoCertificate,
                RemoteCertificateValidationCallback = (_, certificate, chain, errors) => IsAccepted(options.ClientCertificateMode, certificate, chain, errors),
            },
            stop));

    private async Task<Stream> SecureAsync(Stream stream, CancellationToken cancellation, Func<SslStream, CancellationToken, Task> handshake)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(options.HandshakeTimeout);
        var tls = new SslStream(stream);
        try
        {
            await handshake(tls, limit.Token);
            return tls;
        }
        catch
        {
            await tls.DisposeAsync();
            throw;
        }
    }

    private bool IsAccepted(RemoteCertificateMode mode, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (mode == RemoteCertificateMode.NoCertificate)
            return true;
        if (certificate is null)
            return mode == RemoteCertificateMode.AllowCertificate;
        if (options.RemoteCertificateValidation is not { } validate)
            return errors == SslPolicyErrors.None;

        using var read = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
        return validate(read, chain, errors);
    }
}
