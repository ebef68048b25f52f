using OrleansLM.Engine.Runtime;

namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>Steps: what is told to the device once, and what is recorded.</summary>
public sealed unsafe partial class CudaBackend
{
    private static readonly int[] Buckets = [1, 2, 4, 8, 16, 24, 32, 48, 64];

    /// <summary>The table whose angles lie in the scratch memory, for the step as it is staged.</summary>
    private RopeTable? _anglesOf;

    /// <summary>The batch whose step is being queued; its tokens and rows lie on the device.</summary>
    private StepBatch? _running;

    private bool _isFirstKernel;

    private int Generation => _step.Generation + _scratch.Generation + _partGeneration;

    public void RunLayers(IStepBody body, StepBatch batch, Matrix hidden)
    {
        var rows = PaddedRows(body, batch, hidden);
        Stage(batch, rows > 0 ? rows : batch.RowCount);
        var key = new StepKey(body, IsHead: false, rows, 0, AttentionSplits.Bucket(_step.LastSinglePosition), Address(hidden));
        if (rows == 0)
        {
            QueueLayers(body, batch, hidden);
        }
        else if (!_graphs.TryReplay(key, Generation))
        {
            RecordLayers(key, body, batch, new Matrix(hidden.Buffer, rows, hidden.Columns, hidden.Offset));
        }
    }

    public void RunHead(IStepBody body, StepBatch batch, Matrix hidden, int first, int count)
    {
        var wanted = Bucket(count);
        Stage(batch, Math.Max(_step.Rows, batch.RowCount));
        // Steps with prefill have any number of rows: a recording for each of them would take memory and hardly ever serve again.
        var isWhole = _options.Graphs && Bucket(_step.Rows) == _step.Rows && first == 0 && count == batch.LogitRowCount && wanted > 0
            && wanted <= Math.Min(body.MaxLogitRows, _step.Rows);
        var key = new StepKey(body, IsHead: true, _step.Rows, wanted, 0, Address(hidden));
        if (!isWhole)
        {
            QueueHead(body, batch, hidden, first, count);
        }
        else if (!_graphs.TryReplay(key, Generation))
        {
            RecordHead(key, body, batch, hidden, wanted);
        }
    }

    // What captures variables stays out of the methods that every step runs.
    private void QueueLayers(IStepBody body, StepBatch batch, Matrix hidden) => Run(batch, () => body.RunLayers(batch, hidden));

    private void RecordLayers(StepKey key, IStepBody body, StepBatch batch, Matrix hidden) =>
        _graphs.Run(key, Generation, () => Run(batch, () => body.RunLayers(batch, hidden)));

    private void QueueHead(IStepBody body, StepBatch batch, Matrix hidden, int first, int count) => Run(batch, () => body.RunHead(batch, hidden, first, count));

    private void RecordHead(StepKey key, IStepBody body, StepBatch batch, Matrix hidden, int count) =>
        _graphs.Run(key, Generation, () => Run(batch, () => body.RunHead(batch, hidden, 0, count)));

    /// <summary>The bucket of a step that can be recorded; 0 for others.</summary>
    private int PaddedRows(IStepBody body, StepBatch batch, Matrix hidden)
    {
        if (!_options.Graphs || batch.RowCount != batch.SegmentCount)
        {
            return 0;
        }

        var rows = Bucket(batch.RowCount);
        var room = (hidden.Buffer.Length - hidden.Offset) / hidden.Columns;
        return rows <= Math.Min(body.MaxRows, room) ? rows : 0;
    }

    private static int Bucket(int rows)
    {
        foreach (var bucket in Buckets)
        {
            if (rows <= bucket)
            {
                return bucket;
            }
        }

        return 0;
    }

    private void Stage(StepBatch batch, int rows)
    {
        if (_step.Stage(batch, rows))
        {
            TakeTokens(batch);
        }

        _anglesOf = null;
    }

    private void Run(StepBatch batch, Action work)
    {
        _running = batch;
        _anglesOf = null;
        _isFirstKernel = true;
        try
        {
            work();
        }
        finally
        {
            _running = null;
        }
    }

    /// <summary>Makes the device know the batch of an operator that is called by itself; within a step it does already.</summary>
    private void Require(StepBatch batch)
    {
        if (!ReferenceEquals(_running, batch))
        {
            Stage(batch, batch.RowCount);
        }
    }
}
