namespace Orleans.Connections.Security;

/// <summary>What is asked of the other side of a connection.</summary>
public enum RemoteCertificateMode
{
    NoCertificate,
    AllowCertificate,
    RequireCertificate,
}
