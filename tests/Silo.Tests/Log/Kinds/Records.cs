using OrleansLM.Contracts.Messages;
using OrleansLM.Engine.Sampling;
using OrleansLM.Silo.Log;

namespace OrleansLM.Silo.Tests.Log.Kinds;

/// <summary>Sessions and turns to write.</summary>
internal static class Records
{
    public static DateTimeOffset Time { get; } = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public static SessionRecord Session(string id) => new() { SessionId = id, Model = "m", CreateTime = Time, UpdateTime = Time };

    public static TurnRecord Turn(string id, int start, int prompt) => new()
    {
        TurnId = id,
        StartPosition = start,
        PromptTokens = prompt,
        Parameters = new TurnParameters
        {
            Sampling = new SamplingParameters { Temperature = 0.1f, TopP = 0.9f, Seed = ulong.MaxValue - 1, LogitBias = new Dictionary<int, float> { [3] = 2.5f }, LogProbs = 2 },
            Stop = new StopConditions { MaxNewTokens = 12, StopStrings = ["\"x\""], StopTokenIds = [2], IgnoreEos = true },
            PromptLogProbs = 1,
            CancelOnDisconnect = true,
        },
        Fingerprint = "f",
        BackendKind = "b",
        CreateTime = Time,
    };

    public static TurnEnd End(int prompt, int generated, int length) => new()
    {
        Reason = TurnFinishReason.Stop,
        PromptTokens = prompt,
        PrefilledTokens = 5,
        GeneratedTokens = generated,
        SessionLength = length,
        QueueTime = TimeSpan.FromTicks(11),
        TimeToFirstToken = TimeSpan.FromTicks(12),
        TotalTime = TimeSpan.FromTicks(13),
    };

    public static async Task<SessionHandle> CreateAsync(ISessionLog log, string id, params int[] tokens)
    {
        await log.CreateAsync(Session(id), tokens, [], int.MaxValue);
        return (await log.OpenSessionAsync(id))!.Handle;
    }

    public static async Task RunTurnAsync(ISessionLog log, SessionHandle handle, string id, int start, int[] prompt, int[] answer)
    {
        await log.BeginTurnAsync(handle, Turn(id, start, prompt.Length), prompt, null);
        var tail = new TurnTail(handle, id, start + prompt.Length);
        Array.ForEach(answer, token => tail.Append(token));
        await log.EndTurnAsync(tail, End(prompt.Length, answer.Length, start + prompt.Length + answer.Length), Time, null);
    }

    public static async Task<int> LengthAsync(ISessionLog log, string id) => (await log.OpenSessionAsync(id))!.Session.Length;
}
