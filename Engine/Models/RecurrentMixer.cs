using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Engine.Models;

/// <summary>SUPRA's linear attention, in the order of spec §3.2: project, feature maps phi(x) = ReLU(W x + b) over all heads together, RoPE after the ReLU, recurrence, group norm.</summary>
internal sealed class RecurrentMixer : Mixer
{
    /// <summary>PyTorch's default for GroupNorm; the model's own norm epsilon is not used there.</summary>
    private const float GroupNormEpsilon = 1e-5f;

    private readonly Weight _query;
    private readonly Weight _key;
    private readonly Weight _value;
    private readonly Weight _queryMap;
    private readonly Weight _queryBias;
    private readonly Weight _keyMap;
    private readonly Weight _keyBias;
    private readonly Weight _output;
    private readonly RecurrentLayer _states;
    private readonly RopeTable _rope;
    private readonly float[] _decay;
    private readonly int _heads;
    private readonly int _keyValueHeads;

    public RecurrentMixer(ModelConfig config, StageWeights weights, int layer, RecurrentLayer states, RopeTable rope, float[] decay)
    {
        var queryWidth = config.HeadCount * config.HeadDim;
        var keyWidth = config.KeyValueHeadCount * config.HeadDim;
        _query = weights.Load(WeightRole.Query, queryWidth, config.HiddenSize, layer);
        _key = weights.Load(WeightRole.Key, keyWidth, config.HiddenSize, layer);
        _value = weights.Load(WeightRole.Value, keyWidth, config.HiddenSize, layer);
        _queryMap = weights.Load(WeightRole.QueryFeatureMap, queryWidth, queryWidth, layer);
        _queryBias = weights.LoadVector(WeightRole.QueryFeatureMapBias, queryWidth, layer);
        var shared = config.Supra is { SharedFeatureMap: true };
        _keyMap = shared ? _queryMap : weights.Load(WeightRole.KeyFeatureMap, keyWidth, keyWidth, layer);
        _keyBias = shared ? _queryBias : weights.LoadVector(WeightRole.KeyFeatureMapBias, keyWidth, layer);
        _output = weights.Load(WeightRole.AttentionOutput, config.HiddenSize, queryWidth, layer);
        _states = states;
        _rope = rope;
        _decay = decay;
        _heads = config.HeadCount;
        _keyValueHeads = config.KeyValueHeadCount;
    }

    public override void Mix(IBackend backend, StepBatch batch, StageWorkspace workspace, in NormStep norm, Matrix hidden)
    {
        var rows = hidden.Rows;
        backend.NormProject(
            hidden, norm, [new(_query, workspace.Queries.Top(rows)), new(_key, workspace.Keys.Top(rows)), new(_value, workspace.Values.Top(rows))]);
        Attend(backend, batch, workspace, hidden);
    }

    /// <summary>hidden += out_proj(attention(normed)).</summary>
    internal void Mix(IBackend backend, StepBatch batch, StageWorkspace workspace, Matrix normed, Matrix hidden)
    {
        var rows = normed.Rows;
        backend.Project(normed, [new(_query, workspace.Queries.Top(rows)), new(_key, workspace.Keys.Top(rows)), new(_value, workspace.Values.Top(rows))]);
        Attend(backend, batch, workspace, hidden);
    }

    private void Attend(IBackend backend, StepBatch batch, StageWorkspace workspace, Matrix hidden)
    {
        var rows = hidden.Rows;
        var mappedQueries = workspace.MappedQueries.Top(rows);
        var mappedKeys = workspace.MappedKeys.Top(rows);
        backend.ProjectRelu(workspace.Queries.Top(rows), _queryMap, _queryBias, mappedQueries);
        backend.ProjectRelu(workspace.Keys.Top(rows), _keyMap, _keyBias, mappedKeys);
        backend.Rope(mappedQueries, _heads, batch, _rope);
        backend.Rope(mappedKeys, _keyValueHeads, batch, _rope);
        var mixed = workspace.Mixed.Top(rows);
        backend.LinearAttentionNormed(mappedQueries, mappedKeys, workspace.Values.Top(rows), _states, batch, _decay, GroupNormEpsilon, mixed);
        backend.Project(mixed, [new(_output, hidden, Accumulate: true)]);
    }
}
