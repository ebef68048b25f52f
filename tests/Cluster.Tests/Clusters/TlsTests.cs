namespace OrleansLM.Cluster.Tests.Clusters;

/// <summary>Nodes that show each other certificates; those of another authority are not let in, and say why.</summary>
public sealed class TlsTests
{
    private static readonly string[] s_impatient = ["--Cluster:JoinTimeout=00:00:05"];
    private static readonly string[] s_plain = ["--Cluster:Tls:CertificateFile=", "--Cluster:Tls:KeyFile=", "--Cluster:Tls:AuthorityFile="];

    [TlsFact]
    public async Task Nodes_of_one_authority_serve_and_others_are_refused_with_the_reason()
    {
        using var authority = new TestAuthority();
        using var other = new TestAuthority();
        await using var cluster = await TestCluster.StartSmallAsync(authority.Settings());
        await cluster.ReferenceAsync(0);
        await cluster.Nodes.AddSiloAsync();

        var strange = await Assert.ThrowsAsync<InvalidOperationException>(() => cluster.Nodes.AddSiloAsync([.. other.Settings(), .. s_impatient]));
        Assert.Contains("The remote certificate was rejected", strange.Message, StringComparison.Ordinal);
        var plain = await Assert.ThrowsAsync<InvalidOperationException>(() => cluster.Nodes.AddSiloAsync([.. s_plain, .. s_impatient]));
        Assert.Matches(RuntimeWords.CouldNotJoin, plain.Message);
        Assert.Matches(RuntimeWords.NotTls, cluster.Nodes.Silos[0].Errors);
        Assert.NotNull((await cluster.RunAsync(await cluster.CreateAsync("after"), 0, _ => Task.CompletedTask)).Finished);
    }

    [TlsFact]
    public async Task A_certificate_that_the_authority_has_not_signed_stops_the_start_with_the_setting()
    {
        using var authority = new TestAuthority();
        using var other = new TestAuthority();
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => TestCluster.StartSmallAsync(authority.Settings(trusted: other)));
        Assert.Contains("Cluster:Tls:CertificateFile:", failure.Message, StringComparison.Ordinal);
        Assert.Contains("no authority of", failure.Message, StringComparison.Ordinal);
    }
}
