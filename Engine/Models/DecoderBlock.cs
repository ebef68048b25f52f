using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Engine.Models;

/// <summary>One layer: h += mix(norm(h)); h += down(silu(gate(n)) ⊙ up(n)), n = norm(h). The same for all families but for the mixer.</summary>
internal sealed class DecoderBlock
{
    private readonly Mixer _mixer;
    private readonly Weight _attentionNorm;
    private readonly Weight _feedForwardNorm;
    private readonly Weight _gate;
    private readonly Weight _up;
    private readonly Weight _down;
    private readonly float _epsilon;

    public DecoderBlock(ModelConfig config, StageWeights weights, int layer, Mixer mixer)
    {
        _mixer = mixer;
        _attentionNorm = weights.LoadVector(WeightRole.AttentionNorm, config.HiddenSize, layer);
        _feedForwardNorm = weights.LoadVector(WeightRole.FeedForwardNorm, config.HiddenSize, layer);
        _gate = weights.Load(WeightRole.Gate, config.IntermediateSize, config.HiddenSize, layer);
        _up = weights.Load(WeightRole.Up, config.IntermediateSize, config.HiddenSize, layer);
        _down = weights.Load(WeightRole.Down, config.HiddenSize, config.IntermediateSize, layer);
        _epsilon = config.NormEpsilon;
    }

    /// <summary>Updates the residual stream <paramref name="hidden"/> [T, C] in place.</summary>
    public void Run(IBackend backend, StepBatch batch, StageWorkspace workspace, Matrix hidden)
    {
        var normed = workspace.Normed.Top(hidden.Rows);
        _mixer.Mix(backend, batch, workspace, new NormStep(_attentionNorm, _epsilon, normed), hidden);

        var gate = workspace.Gate.Top(hidden.Rows);
        backend.NormGate(hidden, new NormStep(_feedForwardNorm, _epsilon, normed), _gate, _up, gate, workspace.Up.Top(hidden.Rows));
        backend.Project(gate, [new(_down, hidden, Accumulate: true)]);
    }
}
