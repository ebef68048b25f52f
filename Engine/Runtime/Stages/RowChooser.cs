using OrleansLM.Engine.Runtime.Links;
using OrleansLM.Engine.Sampling;

namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>The last stage's answers: from logits to ids, so that ids travel and not logits. Writes one result a row, as <see cref="ResultWire"/> reads them.</summary>
internal sealed class RowChooser(int vocabulary)
{
    /// <summary>Plans kept; one for each way of sampling that is in use, and a seed makes a way.</summary>
    private const int MaxPlans = 4096;

    private readonly Sampler _sampler = new(vocabulary);
    private readonly Dictionary<SamplingParameters, SamplingPlan> _plans = [];
    private readonly TokenCounts?[] _counts = new TokenCounts?[CountBook.SlotsFor(vocabulary)];
    private int _bias;
    private int _fill;

    /// <summary>Before the first row of a step.</summary>
    /// <exception cref="InvalidDataException">What is asked for does not go together.</exception>
    public void Begin(in RowRequests requests)
    {
        requests.Require(vocabulary, _counts.Length);
        (_bias, _fill) = (0, 0);
    }

    /// <summary>The rows of a step must come in order.</summary>
    public void Choose(in RowRequests requests, int row, ReadOnlySpan<float> logits, FrameWriter results)
    {
        ref readonly var request = ref requests.Rows[row];
        var counts = Counts(request, requests.Fills);
        var ids = requests.BiasIds.Slice(_bias, request.BiasCount);
        var values = requests.BiasValues.Slice(_bias, request.BiasCount);
        _bias += request.BiasCount;
        if (request.Kind == RowRequestKind.Logits)
        {
            results.Write((int)RowResultKind.Logits);
            results.Write(logits);
            return;
        }

        try
        {
            var token = request.Kind == RowRequestKind.Sample
                ? _sampler.Sample(logits, Plan(request, ids, values), counts, request.Position)
                : _sampler.Score(logits, request.GivenToken, request.Top, request.Position);
            counts?.AddGenerated(token.Token.TokenId);
            ResultWire.WriteToken(token, results);
        }
        catch (EngineException error)
        {
            ResultWire.WriteError(error.Message, results);
        }
    }

    private TokenCounts? Counts(in RowRequest request, ReadOnlySpan<int> fills)
    {
        if (request.Counts < 0)
        {
            return null;
        }

        if (request.FillCount >= 0)
        {
            var counts = _counts[request.Counts] = new TokenCounts(vocabulary);
            for (var end = _fill + 2 * request.FillCount; _fill < end; _fill += 2)
            {
                counts.Set(fills[_fill], fills[_fill + 1]);
            }
        }

        return _counts[request.Counts] ?? throw new InvalidDataException($"row {request.Counts} of the counts was never filled");
    }

    private SamplingPlan Plan(in RowRequest request, ReadOnlySpan<int> ids, ReadOnlySpan<float> values)
    {
        if (ids.Length > 0)
        {
            var bias = new Dictionary<int, float>(ids.Length);
            for (var i = 0; i < ids.Length; i++)
            {
                bias[ids[i]] = values[i];
            }

            return SamplingPlan.Create(request.Sampling with { LogitBias = bias }, vocabulary);
        }

        var parameters = request is { Temperature: 0, Top: < 0, Counts: < 0 } ? SamplingParameters.Greedy : request.Sampling;
        if (!_plans.TryGetValue(parameters, out var plan))
        {
            if (_plans.Count == MaxPlans)
            {
                _plans.Clear();
            }

            _plans[parameters] = plan = SamplingPlan.Create(parameters, vocabulary);
        }

        return plan;
    }
}
