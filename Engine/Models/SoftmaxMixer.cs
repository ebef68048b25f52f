using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Engine.Models;

/// <summary>Attention of Llama and Mistral (spec §6): RoPE, grouped queries, an optional sliding window, no biases.</summary>
internal sealed class SoftmaxMixer : Mixer
{
    private readonly Weight _query;
    private readonly Weight _key;
    private readonly Weight _value;
    private readonly Weight _output;
    private readonly KeyValueLayer _pages;
    private readonly RopeTable _rope;
    private readonly float _scale;
    private readonly int _window;

    public SoftmaxMixer(ModelConfig config, StageWeights weights, int layer, KeyValueLayer pages, RopeTable rope)
    {
        var queryWidth = config.HeadCount * config.HeadDim;
        var keyWidth = config.KeyValueHeadCount * config.HeadDim;
        _query = weights.Load(WeightRole.Query, queryWidth, config.HiddenSize, layer);
        _key = weights.Load(WeightRole.Key, keyWidth, config.HiddenSize, layer);
        _value = weights.Load(WeightRole.Value, keyWidth, config.HiddenSize, layer);
        _output = weights.Load(WeightRole.AttentionOutput, config.HiddenSize, queryWidth, layer);
        _pages = pages;
        _rope = rope;
        _scale = (float)(1 / Math.Sqrt(config.HeadDim));
        _window = config.SlidingWindow ?? int.MaxValue;
    }

    public override void Mix(IBackend backend, StepBatch batch, StageWorkspace workspace, in NormStep norm, Matrix hidden)
    {
        var rows = hidden.Rows;
        var queries = workspace.Queries.Top(rows);
        var mixed = workspace.Mixed.Top(rows);
        var inputs = new AttentionInputs(_query, _key, _value, queries, workspace.Keys.Top(rows), workspace.Values.Top(rows));
        backend.NormQueryKeyValue(hidden, norm, inputs, _pages, batch, _rope);
        backend.Attention(queries, _pages, batch, _scale, _window, mixed);
        backend.Project(mixed, [new(_output, hidden, Accumulate: true)]);
    }
}
