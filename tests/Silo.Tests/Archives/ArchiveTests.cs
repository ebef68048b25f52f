using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
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

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_request_that_was_answered_before_gets_the_same_answer_elsewhere(bool withState)
    {
        await using var silo = await BegunAsync();
        var command = SessionCalls.Command([400, 401], maxTokens: 5, key: "k");
        var first = await silo.Owner("a").RunAsync(command);
        await silo.Owner("a").RunAsync(SessionCalls.Command([402], key: "lost"));
        await silo.Owner("a").RollBackAsync(new RollbackSession { Position = 66 }, CancellationToken.None);
        await using var other = await SiloHarness.StartAsync();
        await ImportAsync(other.Owner("b"), Assert.Single(await ExportAsync(silo.Owner("a"), withState)));
        await using var reborn = await other.KilledAsync();
        foreach (var owner in new[] { other.Owner("b"), reborn.Owner("b") })
        {
            var again = await owner.RunAsync(command);
            Assert.Equal((first[0].TurnId, true), (again[0].TurnId, again[0].Started!.Resumed));
            Assert.Equal(first.Ids(), again.Ids());
            Assert.Equal(first.Text(), again.Text());
            Assert.Equivalent(first[^1].Finished, again[^1].Finished);
            Assert.Equal(first.Ids()[2..], (await owner.ResumeAsync(fromOffset: first.Offsets()[2], first[0].TurnId)).Ids());
            var otherRequest = await Assert.ThrowsAsync<OrleansLMException>(() => owner.RunAsync(command with { Input = new ModelInput { TokenIds = [1] } }));
            Assert.Equal((ErrorCode.InvalidArgument, "idempotency_key"), (otherRequest.Code, otherRequest.Field));
            Assert.Equal("TURN_ROLLED_BACK", (await Assert.ThrowsAsync<OrleansLMException>(() => owner.RunAsync(SessionCalls.Command([402], key: "lost")))).Reason);
            Assert.Equal(66, (await owner.InfoAsync()).Length);
        }
    }

    [Fact]
    public async Task Version_1_which_had_no_turns_is_still_read_and_a_newer_one_is_refused()
    {
        await using var silo = await BegunAsync();
        await using var other = await SiloHarness.StartAsync();
        var archive = Assert.Single(await ExportAsync(silo.Owner("a"), withState: true));
        await RefusedAsync(other, Edited(archive, version: 3), "ARCHIVE_REFUSED", "version 3; this program reads versions 1 to 2");
        var old = Edited(archive, version: 1, header => header.Remove("turns"));
        var imported = await ImportAsync(other.Owner("b"), old);
        Assert.Equal((58, 58), (imported.Length, imported.ComputedLength));
        Assert.Equal("TURN_NOT_FOUND", (await Assert.ThrowsAsync<OrleansLMException>(() => other.Owner("b").ResumeAsync(0))).Reason);
    }

    [Theory]
    [InlineData("turns", "turnId", "\"\"", "no name of its own")]
    [InlineData("turns", "startPosition", "1000", "reaches beyond")]
    [InlineData("turns", "promptTokens", "-1", "reaches beyond")]
    [InlineData("turns", "state", "0", "has not ended")]
    [InlineData("turns", "state", "9", "has not ended")]
    [InlineData("turns", "end", "null", "has not ended")]
    [InlineData("turns", "commandHash", "null", "without the request's hash")]
    [InlineData("turns", "parameters", "null", "cannot be read")]
    [InlineData("turns", "turnId", "null", "cannot be read")]
    [InlineData("turns", "parameters", "{\"sampling\":{},\"stop\":{\"maxNewTokens\":1}}", "lacks parameters")]
    [InlineData("checkpoints", "position", "59", "expected a position in [0, 58]")]
    public async Task What_contradicts_itself_is_refused_though_its_checksum_holds(string list, string member, string value, string text)
    {
        await using var silo = await BegunAsync();
        await using var other = await SiloHarness.StartAsync();
        var archive = Assert.Single(await ExportAsync(silo.Owner("a"), withState: true));
        var edited = Edited(archive, version: 2, header => header[list]!.AsArray()[0]!.AsObject()[member] = JsonNode.Parse(value));
        await RefusedAsync(other, edited, "ARCHIVE_REFUSED", text);
        var doubled = Edited(archive, version: 2, header => header[list]!.AsArray().Add(header[list]!.AsArray()[0]!.DeepClone()));
        await RefusedAsync(other, doubled, "ARCHIVE_REFUSED", list == "turns" ? "no name of its own" : "two checkpoints 'here'");
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
        await session.RunAsync(SessionCalls.Command(s_prompt, key: "first"));
        await session.AddCheckpointAsync("here", 20, CancellationToken.None);
        return silo;
    }

    /// <summary>The archive with another header, and a checksum that fits it.</summary>
    private static byte[] Edited(byte[] archive, int version, Action<JsonObject>? edit = null)
    {
        var length = BinaryPrimitives.ReadInt32LittleEndian(archive.AsSpan(12));
        var header = JsonNode.Parse(archive.AsSpan(16, length))!.AsObject();
        edit?.Invoke(header);
        var json = JsonSerializer.SerializeToUtf8Bytes(header);
        byte[] head = [.. archive[..16], .. json];
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(8), version);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(12), json.Length);
        return [.. head, .. SHA256.HashData(head), .. archive[(16 + length + 32)..]];
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
