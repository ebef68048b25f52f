using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Net.Client;
using OrleansLM.Cli.Up;
using OrleansLM.Contracts.V1;
using OrleansLM.Engine.Runtime;
using OrleansLM.Gateway.Tests.Serving;

namespace OrleansLM.Gateway.Tests.Hosting;

/// <summary>Servers that clients reach at https addresses.</summary>
public sealed class TlsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("orleanslm-tls-").FullName;

    [Fact]
    public async Task A_server_with_a_certificate_is_reached_with_tls_only()
    {
        using var certificate = Certificate();
        await using var server = await Server.StartAsync(
            Settings(["Kestrel:Certificates:Default:Path=" + CertificatePath, "Kestrel:Certificates:Default:KeyPath=" + KeyPath]), CancellationToken.None);
        Assert.Equal(Uri.UriSchemeHttps, server.Address.Scheme);

        using var channel = Connect(server.Address, certificate);
        var sessions = new Sessions.SessionsClient(channel);
        var session = await sessions.CreateAsync(new CreateSessionRequest());
        using var call = sessions.Generate(new GenerateRequest { SessionId = session.SessionId, Input = new Input { Text = "A" }, Stop = new StopConditions { MaxTokens = 3, IgnoreEos = true } });
        Assert.Equal(3, (await ReceivedTurn.ReadAsync(call)).Ids.Length);

        using var plain = GrpcChannel.ForAddress(new UriBuilder(server.Address) { Scheme = Uri.UriSchemeHttp }.Uri);
        var refused = await Assert.ThrowsAsync<RpcException>(() => new Sessions.SessionsClient(plain).CreateAsync(new CreateSessionRequest()).ResponseAsync);
        Assert.Contains(refused.StatusCode, new[] { StatusCode.Unavailable, StatusCode.Internal });
    }

    [Fact]
    public async Task Without_a_certificate_it_does_not_start_and_says_which_setting_is_missing()
    {
        var refused = await Assert.ThrowsAsync<ArgumentException>(() => Server.StartAsync(Settings([]), CancellationToken.None));
        Assert.Contains("Kestrel:Certificates:Default:Path", refused.Message, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string CertificatePath => Path.Combine(_folder, "server.pem");

    private string KeyPath => Path.Combine(_folder, "server.key");

    private UpSettings Settings(IReadOnlyList<string> settings) => new()
    {
        Models = [Repository.TinyModel],
        Listen = new Uri("https://127.0.0.1:0"),
        DataDirectory = _folder,
        Engine = new EngineOptions { StateBytes = 16 << 20 },
        Set = settings,
    };

    private X509Certificate2 Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=orleanslm", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllText(CertificatePath, certificate.ExportCertificatePem());
        File.WriteAllText(KeyPath, key.ExportPkcs8PrivateKeyPem());
        return certificate;
    }

    /// <summary>A client that trusts this one certificate, and it alone.</summary>
    private static GrpcChannel Connect(Uri address, X509Certificate2 certificate) => GrpcChannel.ForAddress(address, new GrpcChannelOptions
    {
        HttpHandler = new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust,
                    CustomTrustStore = { certificate },
                    RevocationMode = X509RevocationMode.NoCheck,
                },
            },
        },
        DisposeHttpClient = true,
    });
}
