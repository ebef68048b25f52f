using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Sampling;

namespace OrleansLM.Engine.Tests.Sampling;

public sealed class ValidationTests
{
    private const int Vocabulary = 100;

    public static TheoryData<string, SamplingParameters> WrongParameters => new()
    {
        { "Temperature is -1; expected [0, ∞)", new() { Temperature = -1 } },
        { "Temperature is NaN; expected [0, ∞)", new() { Temperature = float.NaN } },
        { "Temperature is Infinity; expected [0, ∞)", new() { Temperature = float.PositiveInfinity } },
        { "TopK is -1; expected 0 (all) or more", new() { TopK = -1 } },
        { "TopP is 0; expected (0, 1]", new() { TopP = 0 } },
        { "TopP is 1.5; expected (0, 1]", new() { TopP = 1.5f } },
        { "TopP is NaN; expected (0, 1]", new() { TopP = float.NaN } },
        { "MinP is -0.5; expected [0, 1]", new() { MinP = -0.5f } },
        { "MinP is NaN; expected [0, 1]", new() { MinP = float.NaN } },
        { "RepetitionPenalty is 0; expected (0, ∞)", new() { RepetitionPenalty = 0 } },
        { "RepetitionPenalty is Infinity; expected (0, ∞)", new() { RepetitionPenalty = float.PositiveInfinity } },
        { "PresencePenalty is 3; expected [-2, 2]", new() { PresencePenalty = 3 } },
        { "FrequencyPenalty is -Infinity; expected [-2, 2]", new() { FrequencyPenalty = float.NegativeInfinity } },
        { "LogProbs is 21; expected [0, 20]", new() { LogProbs = 21 } },
        { "LogProbs is -1; expected [0, 20]", new() { LogProbs = -1 } },
        { "LogitBias is 100; expected ids in [0, 100)", new() { LogitBias = new Dictionary<int, float> { [100] = 1 } } },
        { "LogitBias[7] is 101; expected [-100, 100]", new() { LogitBias = new Dictionary<int, float> { [7] = 101 } } },
        { "LogitBias[7] is NaN; expected [-100, 100]", new() { LogitBias = new Dictionary<int, float> { [7] = float.NaN } } },
    };

    public static TheoryData<string, StopConditions> WrongStops => new()
    {
        { "MaxNewTokens is -1; expected 0 or more", new() { MaxNewTokens = -1 } },
        { "StopTokenIds[1] is 100; expected an id in [0, 100)", new() { MaxNewTokens = 1, StopTokenIds = [5, 100] } },
        { "StopTokenIds[0] is -1; expected an id in [0, 100)", new() { MaxNewTokens = 1, StopTokenIds = [-1] } },
        { "StopTokenIds has 17 ids; expected at most 16", new() { MaxNewTokens = 1, StopTokenIds = [.. Enumerable.Range(0, 17)] } },
        { "StopStrings has 17 texts; expected at most 16", new() { MaxNewTokens = 1, StopStrings = [.. Enumerable.Repeat("a", 17)] } },
        { "StopStrings[1] is empty; expected at least one character", new() { MaxNewTokens = 1, StopStrings = ["a", ""] } },
        { "StopStrings[0] has 257 characters; expected at most 256", new() { MaxNewTokens = 1, StopStrings = [new string('a', 257)] } },
    };

    [Theory]
    [MemberData(nameof(WrongParameters), DisableDiscoveryEnumeration = true)]
    public void A_wrong_parameter_is_named_with_its_value_and_interval(string said, SamplingParameters parameters) =>
        Refused(said, () => parameters.Validate(Vocabulary));

    [Theory]
    [MemberData(nameof(WrongStops), DisableDiscoveryEnumeration = true)]
    public void A_wrong_stop_is_named_with_its_value_and_what_was_expected(string said, StopConditions stop) =>
        Refused(said, () => stop.Validate(Vocabulary));

    [Fact]
    public void Half_a_surrogate_pair_is_no_stop_string() =>
        Refused("StopStrings[0] has half a surrogate pair at 1", () => new StopConditions { MaxNewTokens = 1, StopStrings = ["a\uD83D"] }.Validate(Vocabulary));

    [Fact]
    public void The_ends_of_the_intervals_are_allowed()
    {
        new SamplingParameters { Temperature = float.MaxValue, TopK = int.MaxValue, TopP = 1, MinP = 1, PresencePenalty = -2, FrequencyPenalty = 2, LogProbs = 20 }.Validate(Vocabulary);
        new SamplingParameters { LogitBias = new Dictionary<int, float> { [0] = -100, [99] = 100 } }.Validate(Vocabulary);
        new StopConditions { MaxNewTokens = 0, StopTokenIds = [0, 99], StopStrings = ["🦙", new string('a', 256)] }.Validate(Vocabulary);
    }

    private static void Refused(string said, Action validate)
    {
        var error = Assert.Throws<EngineException>(validate);
        Assert.Equal(EngineError.InvalidArgument, error.Error);
        Assert.StartsWith(said, error.Message);
        Assert.StartsWith(error.Field!, said);
    }
}
