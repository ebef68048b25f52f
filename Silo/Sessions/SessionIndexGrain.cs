using Orleans;
using Orleans.Concurrency;
using Orleans.Placement;
using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Grains;
using OrleansLM.Contracts.Messages;
using OrleansLM.Silo.Log;

namespace OrleansLM.Silo.Sessions;

/// <summary>Lists what the log has. A running turn's tokens count as far as they are logged, so a length may lag by a group; the session itself knows better.</summary>
[Reentrant]
[PreferLocalPlacement]
public sealed class SessionIndexGrain(ISessionLog log) : Grain, ISessionIndexGrain
{
    private const int MaxPageSize = 1000;

    public async Task<SessionPage> ListAsync(SessionQuery query, CancellationToken cancellationToken = default)
    {
        if (query.PageSize is < 1 or > MaxPageSize)
        {
            throw OrleansLMException.Invalid("page_size", $"is {query.PageSize}; expected a value in [1, {MaxPageSize}]");
        }

        var before = string.IsNullOrEmpty(query.PageToken) ? long.MaxValue : PageToken.Read(query.PageToken);
        var found = await log.ListAsync(new SessionFilter(query.Tenant, query.Model), before, query.PageSize + 1);
        var page = found.Take(query.PageSize).ToList();
        return new SessionPage
        {
            Sessions = page.ConvertAll(entry => SessionInfos.Of(entry.Session, entry.Checkpoints)),
            NextPageToken = found.Count > page.Count ? PageToken.Write(page[^1].Row) : null,
        };
    }
}
