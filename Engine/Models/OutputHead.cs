using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Engine.Models;

/// <summary>The end of the last stage: final norm and vocabulary projection.</summary>
internal sealed class OutputHead
{
    private readonly Weight _norm;
    private readonly Weight _output;
    private readonly float _epsilon;

    public OutputHead(ModelConfig config, StageWeights weights)
    {
        var role = config.TiedEmbeddings ? WeightRole.TokenEmbedding : WeightRole.Output;
        _norm = weights.LoadVector(WeightRole.FinalNorm, config.HiddenSize);
        _output = weights.Load(role, config.VocabularySize, config.HiddenSize);
        _epsilon = config.NormEpsilon;
    }

    /// <summary>Leaves the logits [count, V] of rows of <paramref name="hidden"/> [T, C] in the workspace.</summary>
    public void Run(IBackend backend, StageWorkspace workspace, StepBatch batch, Matrix hidden, int first, int count)
    {
        var picked = workspace.LogitRows.Top(count);
        backend.GatherLogitRows(hidden, batch, first, picked);
        backend.NormProject(picked, new NormStep(_norm, _epsilon, workspace.NormedLogitRows.Top(count)), [new(_output, workspace.Logits.Top(count))]);
    }
}
