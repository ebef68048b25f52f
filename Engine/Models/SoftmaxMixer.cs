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
    private readonly int _heads;
    private readonly int _keyValueHeads;
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
        _heads = config.HeadCount;
        _keyValueHeads = config.KeyValueHeadCount;
        _scale = (float)(1 / Math.Sqrt(config.HeadDim));
        _window = config.SlidingWindow ?? int.MaxValue;
    }

    public override void Mix(IBackend backend, StepBatch batch, StageWorkspace workspace, Matrix normed, Matrix hidden)
    {
        var rows = normed.Rows;
        var queries = workspace.Queries.Top(rows);
        var keys = workspace.Keys.Top(rows);
        var values = workspace.Values.Top(rows);
        var mixed = workspace.Mixed.Top(rows);
        backend.Project(normed, [new(_query, queries), new(_key, keys), new(_value, values)]);
        backend.Rope(queries, _heads, batch, _rope);
        backend.Rope(keys, _keyValueHeads, batch, _rope);
        backend.StoreKeyValue(keys, values, _pages, batch);
        backend.Attention(queries, _pages, batch, _scale, _window, mixed);
        backend.Project(mixed, [new(_output, hidden, Accumulate: true)]);
    }
}
