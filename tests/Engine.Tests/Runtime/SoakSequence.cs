using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Sampling;

namespace OrleansLM.Engine.Tests.Runtime;

/// <summary>What <see cref="EngineSoak"/> knows of a sequence.</summary>
internal sealed class SoakSequence(IEngineSequence sequence, IEnumerable<int> tokens)
{
    public IEngineSequence Sequence { get; } = sequence;

    /// <summary>Tokens before the turn that runs.</summary>
    public List<int> Tokens { get; } = [.. tokens];

    public IEngineTurn? Turn { get; set; }

    public int[] Appended { get; set; } = [];

    public List<int> Generated { get; } = [];

    public SamplingParameters Sampling { get; set; } = SamplingParameters.Greedy;
}
