using OrleansLM.Engine.Backends.Cuda.Device;

namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>
/// Recorded steps. The first step of a kind runs as it is, which compiles kernels and sizes buffers; the second is recorded; later ones are replayed. When
/// memory that recordings point to has moved, all of them are dropped.
/// </summary>
internal sealed class StepGraphs(CudaStream stream) : IDisposable
{
    private readonly Dictionary<StepKey, CudaGraph?> _graphs = [];
    private int _generation;

    /// <summary>Steps that are recorded, or will be when they come again.</summary>
    public int Count => _graphs.Count;

    /// <param name="key">Everything that addresses and launch sizes depend on.</param>
    /// <param name="generation">Rises when memory moved.</param>
    /// <param name="work">Queues the step.</param>
    public void Run(in StepKey key, int generation, Action work)
    {
        if (generation != _generation)
        {
            // What ran in the meantime has moved memory: recordings point to where it was.
            Clear();
            _generation = generation;
        }

        if (!_graphs.TryGetValue(key, out var graph))
        {
            work();
            _graphs[key] = null;
            return;
        }

        if (graph is null)
        {
            _graphs[key] = graph = CudaGraph.Capture(stream, work);
        }

        graph.Launch(stream);
    }

    public bool TryReplay(in StepKey key, int generation)
    {
        if (generation == _generation && _graphs.TryGetValue(key, out var graph) && graph is not null)
        {
            graph.Launch(stream);
            return true;
        }

        return false;
    }

    public void Forget(IStepBody body)
    {
        foreach (var key in _graphs.Keys.Where(key => ReferenceEquals(key.Body, body)).ToArray())
        {
            _graphs[key]?.Dispose();
            _graphs.Remove(key);
        }
    }

    public void Dispose() => Clear();

    private void Clear()
    {
        if (_graphs.Count > 0)
        {
            stream.Synchronize();
        }

        foreach (var graph in _graphs.Values)
        {
            graph?.Dispose();
        }

        _graphs.Clear();
    }
}
