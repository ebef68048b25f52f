using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace OrleansLM.Engine.Runtime.Links;

/// <summary>Mutual TLS: both sides show a certificate that one authority has signed.</summary>
/// <param name="Certificate">This side's, with its private key.</param>
/// <param name="Authority">Who must have signed the other's.</param>
public sealed record LinkTls(X509Certificate2 Certificate, X509Certificate2 Authority)
{
    /// <exception cref="AuthenticationException">The other side's certificate is not the authority's, or it does not accept ours.</exception>
    internal Stream AsClient(Stream stream, string host)
    {
        var tls = new SslStream(stream);
        tls.AuthenticateAsClient(new SslClientAuthenticationOptions
        {
            TargetHost = host,
            ClientCertificates = [Certificate],
            RemoteCertificateValidationCallback = (_, certificate, _, _) => IsTrusted(certificate),
        });
        return tls;
    }

    /// <exception cref="AuthenticationException">The other side shows no certificate of the authority.</exception>
    internal Stream AsServer(Stream stream)
    {
        var tls = new SslStream(stream);
        tls.AuthenticateAsServer(new SslServerAuthenticationOptions
        {
            ServerCertificate = Certificate,
            ClientCertificateRequired = true,
            RemoteCertificateValidationCallback = (_, certificate, _, _) => IsTrusted(certificate),
        });
        return tls;
    }

    /// <summary>Members are named by address, which changes; that the authority signed is what counts.</summary>
    private bool IsTrusted(X509Certificate? certificate)
    {
        if (certificate is null)
        {
            return false;
        }

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(Authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(X509CertificateLoader.LoadCertificate(certificate.GetRawCertData()));
    }
}
