using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;

namespace Orleans.Connections.Security;

/// <summary>TLS between silos, and between clients and silos.</summary>
public class TlsOptions
{
    /// <summary>With its private key.</summary>
    public X509Certificate2? LocalCertificate { get; set; }

    /// <summary>What who connects asks of who accepts.</summary>
    public RemoteCertificateMode RemoteCertificateMode { get; set; } = RemoteCertificateMode.RequireCertificate;

    /// <summary>What who accepts asks of who connects.</summary>
    public RemoteCertificateMode ClientCertificateMode { get; set; } = RemoteCertificateMode.AllowCertificate;

    /// <summary>Null: by the machine's authorities and the name.</summary>
    public RemoteCertificateValidator? RemoteCertificateValidation { get; set; }

    public TimeSpan HandshakeTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Called before each connection that is made.</summary>
    public Action<ConnectionContext, TlsClientAuthenticationOptions>? OnAuthenticateAsClient { get; set; }
}
