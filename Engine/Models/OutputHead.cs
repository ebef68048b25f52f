using OrleansLM.Engine.Backends;
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

    /// <summary>Logits [n, V] of n rows of <paramref name="hidden"/> [T, C].</summary>
    public Matrix Run(IBackend backend, StageWorkspace workspace, Matrix hidden, ReadOnlySpan<int> rows)
    {
        var picked = workspace.LogitRows.Top(rows.Length);
        var logits = workspace.Logits.Top(rows.Length);
        backend.GatherRows(hidden, rows, picked);
        backend.RmsNorm(picked, _norm, _epsilon, picked);
        backend.Project(picked, [new(_output, logits)]);
        return logits;
    }
}
