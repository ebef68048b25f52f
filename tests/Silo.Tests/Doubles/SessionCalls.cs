using OrleansLM.Contracts.Messages;
using OrleansLM.Silo.Sessions;

namespace OrleansLM.Silo.Tests.Doubles;

/// <summary>What tests ask of sessions, in few words.</summary>
internal static class SessionCalls
{
    public static TurnCommand Command(IReadOnlyList<int>? ids = null, int maxTokens = 8, ulong seed = 1, string? key = null) => new()
    {
        Input = new ModelInput { TokenIds = ids },
        Sampling = new SamplingSettings { Seed = seed },
        Stop = new StopSettings { MaxTokens = maxTokens },
        IdempotencyKey = key,
    };

    public static TurnCommand Append(params int[] ids) => new() { Input = new ModelInput { TokenIds = ids }, AppendOnly = true };

    public static Task<TurnReader> StartAsync(this SessionOwner owner, TurnCommand command) => owner.StartTurnAsync(command, CancellationToken.None);

    public static async Task<List<TurnEvent>> RunAsync(this SessionOwner owner, TurnCommand command) => await (await owner.StartAsync(command)).AllAsync();

    public static async Task<List<TurnEvent>> ResumeAsync(this SessionOwner owner, int fromOffset, string? turnId = null) =>
        await (await owner.ResumeAsync(new ResumeStream { FromOffset = fromOffset, TurnId = turnId }, CancellationToken.None)).AllAsync();

    public static Task<SessionInfo> InfoAsync(this SessionOwner owner) => owner.InfoAsync(CancellationToken.None);

    public static async Task<int[]> TokensAsync(this SessionOwner owner) => [.. (await owner.HistoryAsync(0, 0, CancellationToken.None)).TokenIds];

    public static async Task<List<TurnEvent>> AllAsync(this TurnReader reader) => await reader.ReadAsync().ToListAsync();

    /// <summary>Reads until so many tokens have come, and leaves.</summary>
    public static async Task<List<TurnEvent>> TakeTokensAsync(this TurnReader reader, int tokens)
    {
        var events = new List<TurnEvent>();
        if (tokens == 0)
        {
            return events;
        }

        await foreach (var item in reader.ReadAsync())
        {
            events.Add(item);
            if (item.Kind == TurnEventKind.Token && --tokens == 0)
            {
                break;
            }
        }

        return events;
    }

    public static int[] Ids(this IEnumerable<TurnEvent> events) => [.. events.Where(item => item.Kind == TurnEventKind.Token).Select(item => item.TokenId)];

    public static int[] Offsets(this IEnumerable<TurnEvent> events) => [.. events.Where(item => item.Kind == TurnEventKind.Token).Select(item => item.Offset)];

    public static string Text(this IEnumerable<TurnEvent> events) =>
        string.Concat(events.Where(item => item.Kind is TurnEventKind.Token or TurnEventKind.Finished).Select(item => item.Text));
}
