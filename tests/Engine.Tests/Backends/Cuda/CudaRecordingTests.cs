using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Tensors;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Engine.Tests.Backends.Cuda;

/// <summary>Recorded steps take device memory: there must be few kinds of them, however long a server runs.</summary>
public sealed class CudaRecordingTests
{
    private const int MaxRows = 256;

    [CudaFact]
    public void Decode_steps_are_recorded_and_steps_with_prefill_are_not()
    {
        using var backend = CudaMachine.NewBackend();
        using var checkpoint = Checkpoint.Open(TestFiles.Model("tiny-yarn-mistral-128k"));
        var options = new StageOptions { StateUnits = 8, StateType = DataType.BFloat16, MaxRows = MaxRows };
        using var stage = StageModel.Load(checkpoint.Config, checkpoint.Weights, new LayerRange(0, checkpoint.Config.LayerCount), backend, options);
        var hidden = stage.AllocateHidden(MaxRows);
        Run(stage, hidden, rows: 1);
        var decode = backend.RecordingCount;
        Assert.InRange(decode, 1, 2);
        for (var rows = 65; rows < 130; rows++)
        {
            Run(stage, hidden, rows);
            Run(stage, hidden, rows);
        }

        Assert.Equal(decode, backend.RecordingCount);
        hidden.Buffer.Dispose();
    }

    /// <summary>A sequence's first tokens; the last one's logits.</summary>
    private static void Run(StageModel stage, Matrix hidden, int rows)
    {
        var batch = new StepBatch();
        batch.AddSegment(new int[rows], 0, [0, 1, 2, 3], 0, -1);
        batch.AddLogitRow(rows - 1);
        stage.Step(batch, hidden.Top(rows));
        foreach (var block in stage.Logits(batch, hidden.Top(rows)))
        {
            Assert.True(float.IsFinite(stage.Backend.ReadLogits(block.Logits)[0]));
        }
    }
}
