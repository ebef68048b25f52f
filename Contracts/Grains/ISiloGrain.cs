using OrleansLM.Contracts.Messages;

namespace OrleansLM.Contracts.Grains;

/// <summary>One silo; the key is its address (<c>SiloAddress.ToParsableString</c>), and the activation lives nowhere else. Unavailable when it is not in the cluster.</summary>
[Alias("orleanslm.ISiloGrain")]
public interface ISiloGrain : IGrainWithStringKey
{
    /// <summary>What the placement of sessions goes by.</summary>
    [Alias("GetLoad")]
    Task<SiloLoad> GetLoadAsync(CancellationToken cancellationToken = default);

    [Alias("Describe")]
    Task<SiloInfo> DescribeAsync(CancellationToken cancellationToken = default);

    /// <summary>The models that it serves, by name; none when it serves stages of others.</summary>
    [Alias("ListModels")]
    Task<IReadOnlyList<ModelInfo>> ListModelsAsync(CancellationToken cancellationToken = default);

    /// <summary>The sessions in its memory, the ones that run first.</summary>
    [Alias("ListSessions")]
    Task<IReadOnlyList<SessionLocation>> ListSessionsAsync(CancellationToken cancellationToken = default);

    /// <summary>Takes no more sessions and moves those that it has to other silos, one report each; the turns go on there. Until <see cref="UndrainAsync"/>.</summary>
    [Alias("Drain")]
    IAsyncEnumerable<MoveReport> DrainAsync(CancellationToken cancellationToken = default);

    /// <summary>Takes sessions again.</summary>
    [Alias("Undrain")]
    Task UndrainAsync(CancellationToken cancellationToken = default);

    /// <summary>The computed state of one of its sessions from a position on (a multiple of the page size; 0 for recurrent models), in chunks, while that goes on; empty when there is none.</summary>
    [Alias("Export")]
    IAsyncEnumerable<byte[]> ExportAsync(string sessionId, int from, CancellationToken cancellationToken = default);

    /// <summary>Fetches the state of a session that is about to come here from the silo that has it; returns the tokens whose state is ready then.</summary>
    [Alias("Fetch")]
    Task<int> FetchAsync(string sessionId, string model, string source, CancellationToken cancellationToken = default);

    /// <summary>Moves one of its sessions; null as the target lets the placement choose. NotFound when it does not have the session in memory.</summary>
    [Alias("Move")]
    Task<MoveReport> MoveAsync(string sessionId, string? target, CancellationToken cancellationToken = default);
}
