using System.Globalization;
using Google.Protobuf;
using OrleansLM.Cluster.Tests.Processes;
using OrleansLM.Contracts.V1;

namespace OrleansLM.Cluster.Tests.Memory;

/// <summary>Promise 5: memory is what it was planned to be.</summary>
public sealed class ResidentMemoryTests
{
    private const int PoolMib = 1024;
    private const int SessionTokens = 4096;

    /// <summary>Small pieces: what is measured is the pool, not how much garbage the collector lets lie on a machine with much memory.</summary>
    private const int PieceBytes = 1 << 16;

    private const long Mib = 1 << 20;

    /// <summary>A pool that is filled to the last page, by one prefill and as many imports of its state as there is room for, and then some: sessions sleep to make room.</summary>
    [Fact]
    public async Task A_full_pool_stays_within_weights_pages_and_200_MiB()
    {
        await using var server = await ServerProcess.StartAsync("--state-mib", $"{PoolMib}");
        var model = await server.Models.GetAsync(new GetModelRequest());
        await FillAsync(server, "filled", await IdsAsync(server));
        var archive = await ExportAsync(server, "filled");
        var sessions = (int)(PoolMib * Mib / (model.StateBytesPerToken * SessionTokens)) + 2;
        for (var i = 1; i < sessions; i++)
        {
            // The last token is computed with the next turn.
            Assert.InRange((await ImportAsync(server, $"filled-{i}", archive)).ComputedLength, SessionTokens - 1, SessionTokens);
        }

        var pipeline = await PipelineAsync(server);
        Assert.InRange(pipeline.PagesUsed, pipeline.PagesTotal * 95 / 100, pipeline.PagesTotal);
        Assert.InRange(ResidentBytes(server.ProcessId), PoolMib * Mib * 9 / 10, model.WeightBytes + (PoolMib * Mib) + (200 * Mib));
    }

    /// <summary>What is set aside by default is much; what is not used yet takes no memory.</summary>
    [Fact]
    public async Task With_default_settings_only_pages_in_use_take_memory()
    {
        await using var server = await ServerProcess.StartAsync();
        var model = await server.Models.GetAsync(new GetModelRequest());
        var start = ResidentBytes(server.ProcessId);
        Assert.InRange(start, 1, model.WeightBytes + (200 * Mib));
        await FillAsync(server, "filled", await IdsAsync(server));
        var pipeline = await PipelineAsync(server);
        var used = pipeline.PagesUsed * model.StateBytesPerToken * 64;
        Assert.InRange(used, model.StateBytesPerToken * SessionTokens, model.StateBytesPerToken * (SessionTokens + 128));
        Assert.InRange(ResidentBytes(server.ProcessId), used, model.WeightBytes + used + (200 * Mib));
    }

    private static async Task<int[]> IdsAsync(ServerProcess server)
    {
        var text = (await File.ReadAllTextAsync(Repository.Novel))[..(SessionTokens * 5)];
        return [.. (await server.Models.TokenizeAsync(new TokenizeRequest { Input = new Input { Text = text }, AddBos = true })).Ids.Take(SessionTokens)];
    }

    private static async Task<Pipeline> PipelineAsync(ServerProcess server) =>
        Assert.Single(Assert.Single((await new Contracts.V1.Cluster.ClusterClient(server.Channel).GetTopologyAsync(new GetTopologyRequest())).Silos).Pipelines);

    private static async Task<List<ByteString>> ExportAsync(ServerProcess server, string session)
    {
        using var call = server.Sessions.Export(new ExportSessionRequest { SessionId = session });
        var pieces = new List<ByteString>();
        while (await call.ResponseStream.MoveNext(CancellationToken.None))
        {
            var data = call.ResponseStream.Current.Data;
            for (var at = 0; at < data.Length; at += PieceBytes)
            {
                pieces.Add(ByteString.CopyFrom(data.Span.Slice(at, Math.Min(PieceBytes, data.Length - at))));
            }
        }

        return pieces;
    }

    private static async Task<Session> ImportAsync(ServerProcess server, string session, List<ByteString> archive)
    {
        using var call = server.Sessions.Import();
        foreach (var piece in archive)
        {
            await call.RequestStream.WriteAsync(new ImportSessionRequest { SessionId = session, Data = piece });
        }

        await call.RequestStream.CompleteAsync();
        return await call;
    }

    private static async Task FillAsync(ServerProcess server, string session, int[] ids)
    {
        await server.Sessions.CreateAsync(new CreateSessionRequest { SessionId = session });
        using var call = server.Sessions.Append(new AppendRequest { SessionId = session, Input = new Input { Tokens = new TokenIds { Ids = { ids } } } });
        var turn = await ReceivedTurn.ReadAsync(call);
        Assert.NotNull(turn.Finished);
    }

    private static long ResidentBytes(int process)
    {
        var line = File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line["VmRSS:".Length..^"kB".Length], NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture) * 1024;
    }
}
