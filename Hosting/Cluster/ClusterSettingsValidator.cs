using System.Net;
using Microsoft.Extensions.Options;

namespace OrleansLM.Hosting.Cluster;

/// <summary>Intervals by attributes, and what one setting asks of another.</summary>
public sealed class ClusterSettingsValidator : IValidateOptions<ClusterSettings>
{
    private static readonly ClusterSettingsIntervals s_intervals = new();

    public ValidateOptionsResult Validate(string? name, ClusterSettings options)
    {
        var failures = new List<string>(s_intervals.Validate(name, options).Failures ?? []);
        Require(failures, options.Clustering != ClusteringKind.Sqlite || !string.IsNullOrWhiteSpace(options.Path), "Path", "not set; expected a file, because Cluster:Clustering is Sqlite");
        Require(
            failures,
            options.Clustering != ClusteringKind.Postgres || !string.IsNullOrWhiteSpace(options.ConnectionString),
            "ConnectionString",
            "not set; expected one such as Host=127.0.0.1;Database=orleanslm;Username=orleanslm, because Cluster:Clustering is Postgres");
        Require(failures, IPAddress.TryParse(options.Address, out _), "Address", $"is '{options.Address}'; expected an IP address");
        Require(failures, options.SiloPort != options.ClientPort, "ClientPort", $"is {options.ClientPort}, the silo port; expected another");
        CheckTls(failures, options.Tls);
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    private static void CheckTls(List<string> failures, ClusterTlsSettings settings)
    {
        try
        {
            _ = ClusterTls.Load(settings);
        }
        catch (InvalidDataException failure)
        {
            failures.Add(failure.Message);
        }
    }

    private static void Require(List<string> failures, bool isRight, string key, string what)
    {
        if (!isRight)
        {
            failures.Add($"{ClusterSettings.Section}:{key}: {what}");
        }
    }
}
