using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Backends.Reference;

namespace OrleansLM.Engine.Tests.Backends.Cuda;

/// <summary>Linear attention with its group norm, as a step runs it: one function of the tokens whatever rows come together, and a state that is good to f32.</summary>
public sealed class CudaLinearAttentionTests
{
    private const int Heads = 4;
    private const int Length = 200;

    public static TheoryData<int, int, int> Cases => new() { { 64, 2, 1 }, { 64, 2, 16 }, { 128, 1, 1 }, { 128, 1, 16 }, { 128, 4, 16 }, { 64, 4, 7 } };

    [CudaTheory]
    [MemberData(nameof(Cases))]
    public void A_prompt_gives_the_same_bits_however_it_is_cut(int dim, int keyValueHeads, int chunkTokens)
    {
        var expected = Run(CudaMachine.NewBackend(), dim, keyValueHeads, chunkTokens, [Length]);
        foreach (var step in new[] { 1, 3, 16, 50, 64 })
        {
            Equal(expected, Run(CudaMachine.NewBackend(), dim, keyValueHeads, chunkTokens, [.. Enumerable.Repeat(step, Length / step), .. Rest(step)]));
        }

        Equal(expected, Run(CudaMachine.NewBackend(), dim, keyValueHeads, chunkTokens, [5, 10, 1, 1, 31, 2, 40, 16, 94]));
    }

    [CudaTheory]
    [MemberData(nameof(Cases))]
    public void The_state_is_the_references_to_the_last_places_of_f32(int dim, int keyValueHeads, int chunkTokens)
    {
        var (_, expected) = Run(new ReferenceBackend(), dim, keyValueHeads, chunkTokens, [33, 167]);
        var (_, found) = Run(CudaMachine.NewBackend(), dim, keyValueHeads, chunkTokens, [33, 167]);
        var bound = 4e-6f * expected.Max(MathF.Abs);
        Assert.All(expected.Zip(found), pair => Assert.InRange(MathF.Abs(pair.First - pair.Second), 0, bound));
    }

    private static void Equal((float[] Output, float[] State) expected, (float[] Output, float[] State) found)
    {
        Assert.Equal(expected.Output, found.Output);
        Assert.Equal(expected.State, found.State);
    }

    private static IEnumerable<int> Rest(int step) => Length % step == 0 ? [] : [Length % step];

    /// <summary>What the rows read, and S in the end. A second sequence stands beside the first in every step.</summary>
    private static (float[] Output, float[] State) Run(IBackend backend, int dim, int keyValueHeads, int chunkTokens, int[] steps)
    {
        using var rig = new OperatorRig(backend, 11, narrow: true);
        var layer = rig.Recurrent(3, Heads, keyValueHeads, dim, chunkTokens);
        var (queries, keys, values) = (rig.Values(Length * Heads * dim), rig.Values(Length * keyValueHeads * dim), rig.Values(Length * keyValueHeads * dim));
        var output = new List<float>();
        var start = 0;
        foreach (var rows in steps)
        {
            // The other one: two rows of zeros, always at the same place of its chunk.
            var batch = OperatorRig.Batch([(30, 2), (start, rows)], slot: s => 2 - s);
            Matrix With(float[] all, int width) => rig.Matrix(rows + 2, width, [.. new float[2 * width], .. all[(start * width)..((start + rows) * width)]]);
            var result = rig.Empty(rows + 2, Heads * dim);
            backend.LinearAttentionNormed(
                With(queries, Heads * dim), With(keys, keyValueHeads * dim), With(values, keyValueHeads * dim), layer, batch, [1f, 0.5f, 0.9f, 0.99f], 1e-5f, result);
            output.AddRange(rig.Read(result).Skip(2 * Heads * dim));
            start += rows;
        }

        return ([.. output], rig.Read(layer.States, layer.SlotElements, (int)layer.StateElements));
    }
}
