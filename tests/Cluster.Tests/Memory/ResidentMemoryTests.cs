using System.Globalization;
using OrleansLM.Cluster.Tests.Processes;
using OrleansLM.Contracts.V1;

namespace OrleansLM.Cluster.Tests.Memory;

/// <summary>Promise 5: memory is what it was planned to be.</summary>
public sealed class ResidentMemoryTests
{
    private const int PoolMib = 128;
    private const long Mib = 1 << 20;

    [Fact]
    public async Task The_process_stays_within_weights_pages_and_200_MiB()
    {
        await using var server = await ServerProcess.StartAsync("--state-mib", $"{PoolMib}");
        var model = await server.Models.GetAsync(new GetModelRequest());
        var text = (await File.ReadAllTextAsync(Repository.Novel))[..(4096 * 5)];
        var ids = (await server.Models.TokenizeAsync(new TokenizeRequest { Input = new Input { Text = text }, AddBos = true })).Ids.Take(4096).ToArray();
        var sessions = (int)(PoolMib * Mib / (model.StateBytesPerToken * ids.Length)) + 1;
        for (var i = 0; i < sessions; i++)
        {
            await FillAsync(server, $"filled-{i}", ids);
        }

        var pipeline = Assert.Single(Assert.Single((await new Contracts.V1.Cluster.ClusterClient(server.Channel).GetTopologyAsync(new GetTopologyRequest())).Silos).Pipelines);
        Assert.True(pipeline.Evictions > 0 || pipeline.PagesUsed > pipeline.PagesTotal * 9 / 10, $"{pipeline.PagesUsed} of {pipeline.PagesTotal} pages are used");
        var limit = model.WeightBytes + (PoolMib * Mib) + (200 * Mib);
        Assert.InRange(ResidentBytes(server.ProcessId), PoolMib * Mib / 2, limit);
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
