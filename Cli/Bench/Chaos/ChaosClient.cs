using System.Diagnostics;
using System.Text;
using Grpc.Core;
using OrleansLM.Cli.Client;
using OrleansLM.Contracts.V1;

namespace OrleansLM.Cli.Bench.Chaos;

/// <summary>Runs turns as the CLI does and keeps what it receives.</summary>
internal sealed class ChaosClient(Sessions.SessionsClient sessions, int tokens)
{
    private const int Kinds = 4;
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(250);

    /// <summary>Tokens of all turns so far.</summary>
    private long _received;

    public long Received => Interlocked.Read(ref _received);

    /// <summary>As any client would: again where nobody can say whether it was done.</summary>
    public async Task CreateAsync(string session, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                await sessions.CreateAsync(new CreateSessionRequest { SessionId = session }, cancellationToken: cancellationToken);
                return;
            }
            catch (RpcException error) when (error.IsConnectionLoss() && Stopwatch.GetElapsedTime(began) < s_patience)
            {
                await Task.Delay(s_pause, cancellationToken);
            }
            catch (RpcException error) when (error.StatusCode == StatusCode.AlreadyExists)
            {
                return;
            }
        }
    }

    /// <param name="session">A new session's id.</param>
    /// <param name="kind">Each with a prompt of its own; between them greedy and seeded draws, penalties, a bias, log-probabilities.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<ChaosTranscript> RunAsync(string session, int kind, CancellationToken cancellationToken)
    {
        var turn = new ResilientTurn(sessions, session) { Patience = s_patience };
        var (received, text, longest, last) = (new List<ChaosToken>(), new StringBuilder(), TimeSpan.Zero, Stopwatch.GetTimestamp());
        await foreach (var item in turn.GenerateAsync(Request(session, kind), cancellationToken))
        {
            var wait = Stopwatch.GetElapsedTime(last);
            (longest, last) = (wait > longest ? wait : longest, Stopwatch.GetTimestamp());
            if (item.EventCase == TurnEvent.EventOneofCase.Token)
            {
                received.Add(new ChaosToken(item.Offset, item.Token.TokenId, item.Token.LogProb));
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

    /// <summary>Whether the session holds what was received, and nothing after it.</summary>
    public async Task<bool> HoldsAsync(string session, ChaosTranscript found, CancellationToken cancellationToken)
    {
        var first = found.Tokens.Count == 0 ? 0 : found.Tokens[0].Offset;
        var history = await sessions.GetHistoryAsync(new GetHistoryRequest { SessionId = session }, cancellationToken: cancellationToken);
        return history.TokenIds.Skip((int)first).SequenceEqual(found.Tokens.Select(token => token.Id));
    }

    private GenerateRequest Request(string session, int kind) => new()
    {
        SessionId = session,
        Input = new Input { Text = $"Chapter {kind + 1}. It was a fine morning in the country, and Fanny walked" },
        Stop = new StopConditions { MaxTokens = tokens, IgnoreEos = true },
        Sampling = Sampling(kind),
    };

    private static SamplingParameters Sampling(int kind) => (kind % Kinds) switch
    {
        0 => new SamplingParameters { Temperature = 0, LogProbs = 1 },
        1 => new SamplingParameters { Temperature = 0.8f, Seed = (ulong)(1000 + kind) },
        2 => new SamplingParameters { Temperature = 0, RepetitionPenalty = 1.2f, FrequencyPenalty = 0.3f },
        _ => new SamplingParameters { Temperature = 0.8f, TopP = 0.95f, TopK = 200, Seed = (ulong)(1000 + kind), PresencePenalty = 0.5f, LogitBias = { { 264, 1.5f } }, LogProbs = 0 },
    };
}
