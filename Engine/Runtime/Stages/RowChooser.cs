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

    public void Choose(in RowRequest request, ReadOnlySpan<float> logits, FrameWriter results)
    {
        if (request.Kind == RowRequestKind.Logits)
        {
            results.Write((int)RowResultKind.Logits);
            results.Write(logits);
            return;
        }

        try
        {
            var token = request.Kind == RowRequestKind.Sample
                ? _sampler.Sample(logits, Plan(request), null, request.Position)
                : _sampler.Score(logits, request.GivenToken, request.Top, request.Position);
            ResultWire.WriteToken(token, results);
        }
        catch (EngineException error)
        {
            ResultWire.WriteError(error.Message, results);
        }
    }

    private SamplingPlan Plan(in RowRequest request)
    {
        var parameters = request.Temperature == 0 && request.Top < 0 ? SamplingParameters.Greedy : request.Sampling;
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
