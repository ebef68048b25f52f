using Microsoft.Extensions.Options;

namespace Orleans.Configuration;

internal sealed class ClusterMembershipOptionsValidator : IValidateOptions<ClusterMembershipOptions>
{
    public ValidateOptionsResult Validate(string? name, ClusterMembershipOptions options)
    {
        (string Name, TimeSpan Value)[] spans =
        [
            (nameof(options.ProbeTimeout), options.ProbeTimeout),
            (nameof(options.DeathVoteExpirationTimeout), options.DeathVoteExpirationTimeout),
            (nameof(options.TableRefreshTimeout), options.TableRefreshTimeout),
            (nameof(options.IAmAliveTablePublishTimeout), options.IAmAliveTablePublishTimeout),
            (nameof(options.MaxJoinAttemptTime), options.MaxJoinAttemptTime),
            (nameof(options.DefunctSiloExpiration), options.DefunctSiloExpiration),
        ];
        (string Name, int Value)[] counts =
        [
            (nameof(options.NumProbedSilos), options.NumProbedSilos),
            (nameof(options.NumMissedProbesLimit), options.NumMissedProbesLimit),
            (nameof(options.NumVotesForDeathDeclaration), options.NumVotesForDeathDeclaration),
            (nameof(options.NumMissedTableIAmAliveLimit), options.NumMissedTableIAmAliveLimit),
        ];
        string[] failures =
        [
            .. spans.Where(s => s.Value <= TimeSpan.Zero).Select(s => $"{nameof(ClusterMembershipOptions)}.{s.Name} is {s.Value}; it must be positive."),
            .. counts.Where(c => c.Value <= 0).Select(c => $"{nameof(ClusterMembershipOptions)}.{c.Name} is {c.Value}; it must be at least 1."),
        ];
        return failures.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
