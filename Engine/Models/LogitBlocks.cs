using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Runtime;

namespace OrleansLM.Engine.Models;

/// <summary>
/// The logits that a step asked for, computed block by block as a <c>foreach</c> goes on: a prompt's log-probabilities take every row, and [T, V] at
/// once would be large. Enumerating again computes again.
/// </summary>
public readonly ref struct LogitBlocks
{
    private readonly StageModel _stage;
    private readonly StepBatch _batch;
    private readonly Matrix _hidden;

    internal LogitBlocks(StageModel stage, StepBatch batch, Matrix hidden)
    {
        _stage = stage;
        _batch = batch;
        _hidden = hidden;
    }

    public Enumerator GetEnumerator() => new(_stage, _batch, _hidden);

    public ref struct Enumerator
    {
        private readonly StageModel _stage;
        private readonly StepBatch _batch;
        private readonly Matrix _hidden;
        private int _next;

        internal Enumerator(StageModel stage, StepBatch batch, Matrix hidden)
        {
            _stage = stage;
            _batch = batch;
            _hidden = hidden;
        }

        public LogitBlock Current { get; private set; }

        public bool MoveNext()
        {
            var count = Math.Min(_batch.LogitRowCount - _next, _stage.MaxLogitRows);
            if (count <= 0)
            {
                return false;
            }

            Current = new LogitBlock(_next, _stage.RunHead(_batch, _hidden, _next, count));
            _next += count;
            return true;
        }
    }
}
