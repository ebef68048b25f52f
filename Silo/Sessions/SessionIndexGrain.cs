using Orleans;
using Orleans.Concurrency;
using Orleans.Placement;
using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Grains;
using OrleansLM.Contracts.Messages;
using OrleansLM.Silo.Log;

namespace OrleansLM.Silo.Sessions;

/// <summary>Lists what the log has; sessions that are in memory on this silo speak for themselves.</summary>
[Reentrant]
[PreferLocalPlacement]
public sealed class SessionIndexGrain(ISessionLog log, ActiveSessions active) : Grain, ISessionIndexGrain
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
            Sessions = page.ConvertAll(entry => active.Find(entry.Session.SessionId) ?? SessionInfos.Of(entry.Session, entry.Checkpoints)),
            NextPageToken = found.Count > page.Count ? PageToken.Write(page[^1].Row) : null,
        };
    }
}
