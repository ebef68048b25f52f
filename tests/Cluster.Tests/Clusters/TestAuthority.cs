using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace OrleansLM.Cluster.Tests.Clusters;

/// <summary>An authority that signs certificates of nodes, as PEM files in a folder that goes away with it.</summary>
internal sealed class TestAuthority : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("orleanslm-tls-").FullName;
    private readonly X509Certificate2 _authority;

    public TestAuthority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Test authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        _authority = request.CreateSelfSigned(Begin, End);
        File.WriteAllText(AuthorityFile, _authority.ExportCertificatePem());
        Sign();
    }

    private string AuthorityFile => Path.Combine(_folder, "authority.pem");

    private string CertificateFile => Path.Combine(_folder, "node.pem");

    private string KeyFile => Path.Combine(_folder, "node.key");

    private static DateTimeOffset Begin => DateTimeOffset.UtcNow.AddDays(-1);

    private static DateTimeOffset End => DateTimeOffset.UtcNow.AddDays(7);

    /// <summary>Settings of a node that shows a certificate of this authority and takes those of one.</summary>
    public string[] Settings(TestAuthority? trusted = null) =>
    [
        $"--Cluster:Tls:CertificateFile={CertificateFile}", $"--Cluster:Tls:KeyFile={KeyFile}", $"--Cluster:Tls:AuthorityFile={(trusted ?? this).AuthorityFile}",
    ];

    public void Dispose()
    {
        _authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private void Sign()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=A node", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], false));
        using var certificate = request.Create(_authority, Begin.AddHours(1), End.AddDays(-1), RandomNumberGenerator.GetBytes(8));
        File.WriteAllText(CertificateFile, certificate.ExportCertificatePem());
        File.WriteAllText(KeyFile, key.ExportPkcs8PrivateKeyPem());
    }
}
