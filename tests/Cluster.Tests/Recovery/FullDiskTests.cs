using Grpc.Core;
using OrleansLM.Cluster.Tests.Processes;
using OrleansLM.Contracts.V1;

namespace OrleansLM.Cluster.Tests.Recovery;

/// <summary>A disk that is full puts nothing at risk: what is there stays readable, what does not fit is refused whole, and with room again everything goes on.</summary>
public sealed class FullDiskTests
{
    private const int DiskMebibytes = 64;
    private const int MaxSessions = 2000;

    [SmallDiskFact]
    public async Task What_does_not_fit_is_refused_and_what_is_there_stays()
    {
        await using var server = await ServerProcess.StartOnSmallDiskAsync(DiskMebibytes, "--state-mib", "64");
        var disk = new SmallDisk(server);
        var reference = await GenerateAsync(server, "reference");
        var kept = await GenerateAsync(server, "kept");
        await server.Sessions.CreateAsync(new CreateSessionRequest { SessionId = "waits" });

        await disk.FillAsync();
        var refused = await FillLogAsync(server);
        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
        var history = await server.Sessions.GetHistoryAsync(new GetHistoryRequest { SessionId = "kept" });
        Assert.Equal(kept.Ids, history.TokenIds.Skip(kept.Started!.PromptTokens));

        await disk.FreeAsync();
        var after = await ReceivedTurn.ReadAsync(server.Sessions.Generate(Generations.Create(0, "waits")));
        Assert.Equal(reference.Tokens, after.Tokens);
        Assert.Equal(reference.Tokens, kept.Tokens);
    }

    /// <summary>The log has some room of its own left; new sessions use it up.</summary>
    private static async Task<RpcException> FillLogAsync(ServerProcess server)
    {
        for (var i = 0; i < MaxSessions; i++)
        {
            var request = new CreateSessionRequest { SessionId = $"filler-{i}" };
            for (var entry = 0; entry < 32; entry++)
            {
                request.Metadata[$"entry-{entry}"] = new string('x', 512);
            }

            try
            {
                await server.Sessions.CreateAsync(request);
            }
            catch (RpcException refused)
            {
                return refused;
            }
        }

        throw new InvalidOperationException($"{MaxSessions} sessions went into a disk of {DiskMebibytes} MiB that was full before");
    }

    private static async Task<ReceivedTurn> GenerateAsync(ServerProcess server, string session)
    {
        await server.Sessions.CreateAsync(new CreateSessionRequest { SessionId = session });
        return await ReceivedTurn.ReadAsync(server.Sessions.Generate(Generations.Create(0, session)));
    }
}
