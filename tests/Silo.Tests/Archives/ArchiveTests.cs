using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Messages;
using OrleansLM.Silo.Sessions;
using OrleansLM.Silo.Tests.Doubles;

namespace OrleansLM.Silo.Tests.Archives;

/// <summary>A session that is carried from one server to another goes on there as if nothing had happened.</summary>
public sealed class ArchiveTests
{
    private static readonly int[] s_prompt = [.. Enumerable.Range(300, 50)];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_session_goes_on_elsewhere_with_all_that_belongs_to_it(bool withState)
    {
        await using var silo = await BegunAsync();
        await using var other = await SiloHarness.StartAsync();
        var pieces = await ExportAsync(silo.Owner("a"), withState);
        var imported = await ImportAsync(other.Owner("b"), Assert.Single(pieces));
        Assert.Equal((58, withState ? 58 : 0), (imported.Length, imported.ComputedLength));
        Assert.Equal(("accounts", "red"), (imported.Tenant, imported.Metadata["colour"]));
        Assert.Equal(("here", 20), (imported.Checkpoints[0].Name, imported.Checkpoints[0].Position));
        Assert.Equal(0.5f, imported.SamplingDefaults.TopP);

        Assert.Equal(await silo.Owner("a").TokensAsync(), await other.Owner("b").TokensAsync());
        var before = other.Engine.ComputedTokens;
        var there = await other.Owner("b").RunAsync(SessionCalls.Command([77]));
        Assert.Equal((await silo.Owner("a").RunAsync(SessionCalls.Command([77]))).Ids(), there.Ids());
        Assert.Equal(withState ? 9 : 67, other.Engine.ComputedTokens - before);
    }

    [Fact]
    public async Task Cut_short_or_with_flipped_bits_it_is_refused_and_nothing_is_made()
    {
        await using var silo = await BegunAsync();
        await using var other = await SiloHarness.StartAsync();
        var archive = Assert.Single(await ExportAsync(silo.Owner("a"), withState: true));
        for (var at = 0; at < archive.Length; at += archive.Length / 25)
        {
            var flipped = archive.ToArray();
            flipped[at] ^= 16;
            await RefusedAsync(other, flipped, "ARCHIVE_REFUSED", "refused");
            await RefusedAsync(other, archive[..at], "ARCHIVE_REFUSED", "cut short");
        }

        Assert.Equal(0, other.Engine.LiveSequences);
    }

    [Fact]
    public async Task Of_another_model_it_is_refused_with_both_fingerprints()
    {
        await using var silo = await BegunAsync();
        await using var other = await SiloHarness.StartAsync(new FakeEngine(fingerprint: "fake-2"));
        await RefusedAsync(other, Assert.Single(await ExportAsync(silo.Owner("a"), withState: true)), "MODEL_CHANGED", "fake-1; 'fake' here has fake-2");
    }

    [Fact]
    public async Task An_id_that_is_taken_stays_with_its_session()
    {
        await using var silo = await BegunAsync();
        var archive = Assert.Single(await ExportAsync(silo.Owner("a"), withState: true));
        var error = await Assert.ThrowsAsync<OrleansLMException>(() => ImportAsync(silo.Owner("a"), archive));
        Assert.Equal(ErrorCode.AlreadyExists, error.Code);
        Assert.Equal(58, (await silo.Owner("a").InfoAsync()).Length);
        Assert.Equal(1, silo.Engine.LiveSequences);
    }

    [Fact]
    public async Task A_running_turn_is_not_torn_apart()
    {
        await using var silo = await SiloHarness.StartAsync(new FakeEngine(isPaced: true));
        var session = await silo.CreateAsync("a");
        await session.StartAsync(SessionCalls.Command(s_prompt));
        Assert.Equal(ErrorCode.Aborted, (await Assert.ThrowsAsync<OrleansLMException>(() => session.ExportAsync(true, CancellationToken.None))).Code);
    }

    private static async Task<SiloHarness> BegunAsync()
    {
        var silo = await SiloHarness.StartAsync();
        var session = await silo.CreateAsync("a", new CreateSession
        {
            Tenant = "accounts",
            Metadata = new Dictionary<string, string> { ["colour"] = "red" },
            SamplingDefaults = new SamplingSettings { TopP = 0.5f },
        });
        await session.RunAsync(SessionCalls.Command(s_prompt));
        await session.AddCheckpointAsync("here", 20, CancellationToken.None);
        return silo;
    }

    private static async Task<List<byte[]>> ExportAsync(SessionOwner session, bool withState)
    {
        await using var export = await session.ExportAsync(withState, CancellationToken.None);
        return await export.ReadAsync().ToListAsync();
    }

    private static Task<SessionInfo> ImportAsync(SessionOwner session, byte[] archive) => session.ImportAsync(new MemoryStream(archive), null, CancellationToken.None);

    private static async Task RefusedAsync(SiloHarness silo, byte[] archive, string reason, string text)
    {
        var error = await Assert.ThrowsAsync<OrleansLMException>(() => ImportAsync(silo.Owner("b"), archive));
        Assert.Equal(reason, error.Reason);
        Assert.Contains(text, error.Message, StringComparison.Ordinal);
        Assert.Equal(ErrorCode.NotFound, (await Assert.ThrowsAsync<OrleansLMException>(() => silo.Owner("b").InfoAsync())).Code);
    }
}
