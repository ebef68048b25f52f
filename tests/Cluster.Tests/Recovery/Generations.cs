using OrleansLM.Contracts.V1;

namespace OrleansLM.Cluster.Tests.Recovery;

/// <summary>Requests that between them use every part of a turn that must survive: greedy and seeded draws, penalties, biases, stop strings, log-probabilities.</summary>
internal static class Generations
{
    public const int Tokens = 96;

    public const int Kinds = 4;

    public static GenerateRequest Create(int kind, string sessionId) => new()
    {
        SessionId = sessionId,
        Input = new Input { Text = "It was a fine morning in the country, and Fanny walked" },
        Stop = Stop(kind),
        Sampling = Sampling(kind),
    };

    private static StopConditions Stop(int kind)
    {
        var stop = new StopConditions { MaxTokens = Tokens, IgnoreEos = true };
        if (kind >= 2)
        {
            // The first ends on a quote that may well come, the others hold text back again and again.
            stop.Stop.Add(["never to be found", "the the", "and and"]);
        }

        return stop;
    }

    private static SamplingParameters Sampling(int kind) => kind switch
    {
        0 => new SamplingParameters { Temperature = 0, LogProbs = 3 },
        1 => new SamplingParameters { Temperature = 0.8f, Seed = 20_260_101 },
        2 => new SamplingParameters { Temperature = 0, RepetitionPenalty = 1.2f, FrequencyPenalty = 0.3f },
        _ => new SamplingParameters { Temperature = 0.8f, TopP = 0.95f, TopK = 200, Seed = 77, PresencePenalty = 0.5f, LogitBias = { { 264, 1.5f } }, LogProbs = 0 },
    };
}
