using OrleansLM.Engine.Models;
using OrleansLM.Engine.Sampling;

namespace OrleansLM.Engine.Runtime.Turns;

/// <summary>What is wrong with a request whatever the state of the engine.</summary>
internal sealed class TurnRules(ModelConfig config)
{
    /// <returns>The checked sampling parameters.</returns>
    /// <exception cref="EngineException">InvalidArgument, with the field's name.</exception>
    public SamplingPlan Check(TurnRequest request)
    {
        CheckTokens(request.Tokens.Span, nameof(request.Tokens));
        request.Stop.Validate(config.VocabularySize);
        Require(request.PromptLogProbs ?? 0, SamplingParameters.MaxLogProbs, nameof(request.PromptLogProbs));
        Require(request.GenerationStart ?? 0, int.MaxValue, nameof(request.GenerationStart));
        return SamplingPlan.Create(request.Sampling, config.VocabularySize);
    }

    /// <exception cref="EngineException">InvalidArgument: an id outside the vocabulary.</exception>
    public void CheckTokens(ReadOnlySpan<int> tokens, string field)
    {
        for (var i = 0; i < tokens.Length; i++)
        {
            if ((uint)tokens[i] >= (uint)config.VocabularySize)
            {
                throw Invalid($"{field}[{i}]", tokens[i], $"an id in [0, {config.VocabularySize})");
            }
        }
    }

    private static void Require(int value, int most, string field)
    {
        if (value < 0 || value > most)
        {
            throw Invalid(field, value, $"a value in [0, {most}]");
        }
    }

    private static EngineException Invalid(string field, int value, string expected)
        => new(EngineError.InvalidArgument, $"{field} is {value}; expected {expected}") { Field = field };
}
