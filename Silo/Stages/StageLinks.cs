using System.Security.Cryptography.X509Certificates;
using OrleansLM.Engine.Runtime.Links;

namespace OrleansLM.Silo.Stages;

/// <summary>Link options from the settings.</summary>
internal static class StageLinks
{
    public static LinkOptions Of(StageSettings settings) => new()
    {
        SilenceLimit = settings.SilenceLimit,
        Heartbeat = settings.SilenceLimit / 10,
        Tls = Tls(settings),
    };

    private static LinkTls? Tls(StageSettings settings) => (settings.CertificateFile, settings.AuthorityFile) switch
    {
        (null, null) => null,
        ({ } own, { } authority) => new LinkTls(X509Certificate2.CreateFromPemFile(own), X509CertificateLoader.LoadCertificateFromFile(authority)),
        _ => throw new ArgumentException($"{nameof(StageSettings.CertificateFile)} is '{settings.CertificateFile}' and {nameof(StageSettings.AuthorityFile)} is '{settings.AuthorityFile}'; expected both or neither"),
    };
}
