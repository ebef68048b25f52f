namespace OrleansLM.Engine.Backends.Cuda.Device;

/// <summary>Work that was recorded once and is launched as one thing, with the addresses and sizes it was recorded with.</summary>
internal sealed unsafe class CudaGraph : CudaHandle
{
    private const int ThreadLocal = 1;

    private CudaGraph(CudaContext context, nint value, int nodes)
        : base(context, value)
    {
        Nodes = nodes;
    }

    /// <summary>Kernels and copies in it.</summary>
    public int Nodes { get; }

    /// <summary>Records what <paramref name="work"/> queues into the stream; nothing of it runs.</summary>
    public static CudaGraph Capture(CudaStream stream, Action work)
    {
        var context = stream.Context;
        context.MakeCurrent();
        context.Driver.Check(context.Driver.StreamBeginCapture(stream.Value, ThreadLocal), "cuStreamBeginCapture");
        nint graph = 0;
        try
        {
            work();
        }
        catch
        {
            // Ends the capture, which is broken now; the first error is the one to tell.
            _ = context.Driver.StreamEndCapture(stream.Value, &graph);
            _ = graph == 0 ? 0 : context.Driver.GraphDestroy(graph);
            throw;
        }

        context.Driver.Check(context.Driver.StreamEndCapture(stream.Value, &graph), "cuStreamEndCapture");
        return Instantiate(context, graph);
    }

    public void Launch(CudaStream stream)
    {
        Context.MakeCurrent();
        Context.Driver.Check(Context.Driver.GraphLaunch(Value, stream.Value), "cuGraphLaunch", $"a graph of {Nodes} nodes");
    }

    protected override int Free(nint value) => Context.Driver.GraphExecDestroy(value);

    private static CudaGraph Instantiate(CudaContext context, nint graph)
    {
        try
        {
            nuint nodes = 0;
            context.Driver.Check(context.Driver.GraphGetNodes(graph, null, &nodes), "cuGraphGetNodes");
            nint executable;
            context.Driver.Check(context.Driver.GraphInstantiate(&executable, graph, 0), "cuGraphInstantiate", $"{nodes} nodes");
            return new CudaGraph(context, executable, (int)nodes);
        }
        finally
        {
            _ = context.Driver.GraphDestroy(graph);
        }
    }
}
