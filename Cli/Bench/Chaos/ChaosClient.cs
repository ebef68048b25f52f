using System.Diagnostics;
using System.Text;
using OrleansLM.Cli.Client;
using OrleansLM.Contracts.V1;

namespace OrleansLM.Cli.Bench.Chaos;

/// <summary>Runs turns as the CLI does and keeps what it receives.</summary>
internal sealed class ChaosClient(Sessions.SessionsClient sessions, int tokens)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(3);

    /// <summary>Tokens of all turns so far.</summary>
    private long _received;

    public long Received => Interlocked.Read(ref _received);

    public async Task CreateAsync(string session, CancellationToken cancellationToken) =>
        await sessions.CreateAsync(new CreateSessionRequest { SessionId = session }, cancellationToken: cancellationToken);

    /// <param name="session">A new session's id.</param>
    /// <param name="kind">Greedy for even ones, seeded draws for odd ones; each with a prompt of its own.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<ChaosTranscript> RunAsync(string session, int kind, CancellationToken cancellationToken)
    {
        var turn = new ResilientTurn(sessions, session) { Patience = s_patience };
        var (received, text, longest, last) = (new List<(long, int)>(), new StringBuilder(), TimeSpan.Zero, Stopwatch.GetTimestamp());
        await foreach (var item in turn.GenerateAsync(Request(session, kind), cancellationToken))
        {
            var wait = Stopwatch.GetElapsedTime(last);
            (longest, last) = (wait > longest ? wait : longest, Stopwatch.GetTimestamp());
            if (item.EventCase == TurnEvent.EventOneofCase.Token)
            {
                received.Add((item.Offset, item.Token.TokenId));
                text.Append(item.Token.Text);
                Interlocked.Increment(ref _received);
            }
            else if (item.EventCase == TurnEvent.EventOneofCase.Finished)
            {
                text.Append(item.Finished.Text);
            }
        }

        return new ChaosTranscript(received, text.ToString(), longest);
    }

    private GenerateRequest Request(string session, int kind) => new()
    {
        SessionId = session,
        Input = new Input { Text = $"Chapter {kind + 1}. It was a fine morning in the country, and Fanny walked" },
        Stop = new StopConditions { MaxTokens = tokens, IgnoreEos = true },
        Sampling = kind % 2 == 0 ? new SamplingParameters { Temperature = 0 } : new SamplingParameters { Temperature = 0.8f, Seed = (ulong)(1000 + kind) },
    };
}
