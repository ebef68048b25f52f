using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Orleans.Connections.Security;

namespace OrleansLM.Hosting.Cluster;

/// <summary>A node's certificate, and whose word it takes for the others.</summary>
/// <param name="Certificate">With its private key.</param>
/// <param name="Authorities">Certificates that have to be at the other end of a chain.</param>
/// <param name="IsMutual">Who connects shows a certificate too.</param>
public sealed record ClusterTls(X509Certificate2 Certificate, X509Certificate2Collection Authorities, bool IsMutual)
{
    /// <summary>Null when the settings ask for no TLS.</summary>
    /// <exception cref="InvalidDataException">Key, what was found, what was expected.</exception>
    public static ClusterTls? Load(ClusterTlsSettings settings)
    {
        if (string.IsNullOrEmpty(settings.CertificateFile) && string.IsNullOrEmpty(settings.KeyFile) && string.IsNullOrEmpty(settings.AuthorityFile))
        {
            return null;
        }

        var certificate = Read(nameof(settings.CertificateFile), settings.CertificateFile, file => X509Certificate2.CreateFromPemFile(file, string.IsNullOrEmpty(settings.KeyFile) ? null : settings.KeyFile));
        var authorities = Read(nameof(settings.AuthorityFile), settings.AuthorityFile, ReadAuthorities);
        var tls = new ClusterTls(certificate, authorities, settings.Mutual);
        return tls.IsTrusted(certificate) ? tls : throw Wrong(
            nameof(settings.CertificateFile),
            $"'{settings.CertificateFile}' has {certificate.Subject}, valid until {certificate.NotAfter:u}, which no authority of '{settings.AuthorityFile}' has signed, or which is not valid now");
    }

    /// <summary>What silos and gateways ask of each other's certificates: the same on both sides of a connection.</summary>
    public void ApplyTo(TlsOptions options)
    {
        options.LocalCertificate = Certificate;
        options.RemoteCertificateMode = RemoteCertificateMode.RequireCertificate;
        options.ClientCertificateMode = IsMutual ? RemoteCertificateMode.RequireCertificate : RemoteCertificateMode.NoCertificate;
        options.RemoteCertificateValidation = (certificate, _, _) => IsTrusted(certificate);
    }

    /// <summary>Members are named by address, which changes; that an authority signed is what counts.</summary>
    public bool IsTrusted(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(Authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(certificate);
    }

    private static X509Certificate2Collection ReadAuthorities(string file)
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(file);
        return authorities.Count > 0 ? authorities : throw new CryptographicException("there is no certificate in it");
    }

    private static T Read<T>(string key, string? file, Func<string, T> read)
    {
        if (string.IsNullOrWhiteSpace(file))
        {
            throw Wrong(key, "is not set; expected a PEM file, because other keys of the section are set");
        }

        try
        {
            return read(file);
        }
        catch (Exception failure) when (failure is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw Wrong(key, $"'{file}' cannot be used: {failure.Message}");
        }
    }

    private static InvalidDataException Wrong(string key, string what) => new($"{ClusterSettings.Section}:Tls:{key}: {what}");
}
