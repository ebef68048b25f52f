using Grpc.Core;
using OrleansLM.Contracts.V1;
using OrleansLM.Gateway.Tests.Serving;
using OrleansLM.Gateway.Validation;

namespace OrleansLM.Gateway.Tests.Validation;

/// <summary>The intervals of sampling.proto, on both sides of each end.</summary>
public sealed class RequestRulesTests
{
    [Theory]
    [InlineData("temperature", 0f, 100f, true)]
    [InlineData("top_p", 0f, 1f, false)]
    [InlineData("min_p", 0f, 1f, true)]
    [InlineData("repetition_penalty", 0f, 100f, false)]
    [InlineData("presence_penalty", -2f, 2f, true)]
    [InlineData("frequency_penalty", -2f, 2f, true)]
    public void A_value_is_taken_within_its_interval_and_nowhere_else(string field, float low, float high, bool lowIsIn)
    {
        Assert.Equal(lowIsIn, IsTaken(field, low));
        Assert.True(IsTaken(field, MathF.BitIncrement(low)));
        Assert.True(IsTaken(field, high));
        Assert.False(IsTaken(field, MathF.BitDecrement(low)));
        Assert.False(IsTaken(field, MathF.BitIncrement(high)));
        Assert.All([float.NaN, float.PositiveInfinity, float.NegativeInfinity], value => Assert.False(IsTaken(field, value)));
    }

    [Theory]
    [InlineData(-1, false)]
    [InlineData(0, true)]
    [InlineData(20, true)]
    [InlineData(21, false)]
    public void Log_probs(int value, bool isTaken) =>
        Assert.Equal(isTaken, Violations(check => check.Sampling(new SamplingParameters { LogProbs = value })).Count == 0);

    [Theory]
    [InlineData(1, true)]
    [InlineData(0, false)]
    [InlineData(int.MinValue, false)]
    public void Max_tokens(int value, bool isTaken) => Assert.Equal(isTaken, Violations(check => check.Stop(new StopConditions { MaxTokens = value })).Count == 0);

    [Fact]
    public void What_is_not_set_is_not_looked_at() => Assert.Empty(Violations(check => check.Sampling(new SamplingParameters()).Sampling(null).Stop(new StopConditions()).Stop(null)));

    [Fact]
    public void Limits_are_in()
    {
        var stop = new StopConditions { Stop = { Enumerable.Repeat(new string('x', 256), 16) }, StopTokenIds = { Enumerable.Repeat(0, 64) } };
        var sampling = new SamplingParameters();
        sampling.LogitBias.Add(Enumerable.Range(0, 1024).ToDictionary(id => id, _ => -100f));
        Assert.Empty(Violations(check => check.Stop(stop).Sampling(sampling)));
    }

    private static bool IsTaken(string field, float value)
    {
        var sampling = new SamplingParameters();
        var descriptor = SamplingParameters.Descriptor.FindFieldByName(field);
        descriptor.Accessor.SetValue(sampling, value);
        var fields = Violations(check => check.Sampling(sampling));
        Assert.All(fields, found => Assert.Equal($"sampling.{field}", found));
        return fields.Count == 0;
    }

    private static IReadOnlyList<string> Violations(Action<RequestCheck> fill)
    {
        var check = new RequestCheck();
        fill(check);
        try
        {
            check.Throw();
            return [];
        }
        catch (RpcException error)
        {
            return Failure.Of(error).Fields;
        }
    }
}
