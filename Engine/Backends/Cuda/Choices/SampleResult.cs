using System.Runtime.InteropServices;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Sampling;

namespace OrleansLM.Engine.Backends.Cuda.Choices;

/// <summary>What sample.cu found for a row: its SampleResult. Only what was asked for has been written.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct SampleResult
{
    public int Id;
    public int BadId;
    public float LogProb;
    public int TopCount;
    public fixed int TopIds[SamplingParameters.MaxLogProbs];
    public fixed float TopLogProbs[SamplingParameters.MaxLogProbs];

    /// <summary>The token as the host's sampler would have put it.</summary>
    /// <param name="row">What was asked.</param>
    /// <param name="error">A logit was not finite: the token is nothing then.</param>
    public readonly SampledToken Token(in SampleRow row, out EngineException? error)
    {
        error = Id < 0 ? Sampler.NotFinite(BadId, row.Position, LogProb) : null;
        return error is not null || row.Top < 0
            ? new SampledToken(new TokenLogProb(Id, float.NaN), null)
            : new SampledToken(new TokenLogProb(Id, LogProb), row.Top > 0 ? Top() : null);
    }

    private readonly TokenLogProb[] Top()
    {
        var top = new TokenLogProb[TopCount];
        for (var i = 0; i < top.Length; i++)
        {
            top[i] = new TokenLogProb(TopIds[i], TopLogProbs[i]);
        }

        return top;
    }
}
