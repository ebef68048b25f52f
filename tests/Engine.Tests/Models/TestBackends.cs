using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Backends.Cpu;
using OrleansLM.Engine.Backends.Reference;
using OrleansLM.Engine.Tests.Backends.Cuda;

namespace OrleansLM.Engine.Tests.Models;

/// <summary>The backends that the model tests run on, by name.</summary>
public static class TestBackends
{
    public static TheoryData<string> Names => ["reference", "cpu"];

    /// <summary>Every backend with every one of the values.</summary>
    public static TheoryData<string, int> NamesWith(params int[] values)
    {
        var cases = new TheoryData<string, int>();
        foreach (var name in Names)
        {
            Array.ForEach(values, value => cases.Add(name, value));
        }

        return cases;
    }

    /// <param name="name"><c>reference</c>, <c>cpu</c>, or <c>cuda</c> where there is a GPU.</param>
    /// <param name="threads">Of the CPU backend.</param>
    public static IBackend Create(string name, int threads = 2) => name switch
    {
        "reference" => new ReferenceBackend(),
        "cpu" => new CpuBackend(threads),
        "cuda" => CudaMachine.NewBackend(),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "expected reference, cpu or cuda"),
    };
}
