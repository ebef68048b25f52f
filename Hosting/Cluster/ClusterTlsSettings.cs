namespace OrleansLM.Hosting.Cluster;

/// <summary>TLS between silos and from gateways to silos; section <c>Cluster:Tls</c>. All nodes of a cluster have it, or none.</summary>
public sealed class ClusterTlsSettings
{
    /// <summary>PEM file with this node's certificate, and its private key unless <see cref="KeyFile"/> has it. Null: no TLS.</summary>
    public string? CertificateFile { get; set; }

    /// <summary>PEM file with the private key.</summary>
    public string? KeyFile { get; set; }

    /// <summary>PEM file with the certificates of the authorities of which one must have signed the others'.</summary>
    public string? AuthorityFile { get; set; }

    /// <summary>Who connects must show a certificate too. Without it anybody who reaches the ports can call.</summary>
    public bool Mutual { get; set; } = true;
}
