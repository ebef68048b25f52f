using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Sampling;

namespace OrleansLM.Gpu;

/// <summary>What an engine is given to do.</summary>
/// <param name="Sequences">That generate at the same time.</param>
/// <param name="PromptTokens">Of each.</param>
/// <param name="NewTokens">Of each.</param>
internal sealed record EngineLoad(int Sequences, int PromptTokens, int NewTokens)
{
    /// <summary>A random prompt, another one for each index.</summary>
    public TurnRequest Request(int index)
    {
        var random = new Random(index);
        return new TurnRequest
        {
            Tokens = Enumerable.Range(0, PromptTokens).Select(_ => random.Next(3, 4000)).ToArray(),
            Sampling = SamplingParameters.Greedy,
            Stop = new StopConditions { MaxNewTokens = NewTokens, IgnoreEos = true },
        };
    }
}
