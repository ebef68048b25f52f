using System.Runtime.InteropServices;
using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Tests.Models;

/// <summary>
/// The three forms of linear attention (spec §3.4) are one function: what the operator computes token by token, in chunks of any size, equals the
/// parallel and the chunked form, written here from their formulas in f64.
/// </summary>
public sealed class LinearAttentionFormsTests
{
    private const int Tokens = 300;
    private const int Heads = 4;
    private const int KeyValueHeads = 2;
    private const int Size = 16;

    private readonly float[] _queries = Values(1, Heads);
    private readonly float[] _keys = Values(2, KeyValueHeads);
    private readonly float[] _values = Values(3, KeyValueHeads);
    private readonly float[] _decay = DecayTables.Build(new SupraConfig { Decay = SupraDecay.Lightning }, Heads);

    public static TheoryData<string, int> Cases
    {
        get
        {
            var cases = new TheoryData<string, int>();
            foreach (var backend in TestBackends.Names)
            {
                foreach (var chunk in new[] { 1, 7, 64, 128, Tokens })
                {
                    cases.Add(backend, chunk);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_operator_equals_the_parallel_form(string backend, int chunk)
    {
        var (output, _) = RunOperator(backend, chunk);
        Close(Parallel(), output);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_operator_equals_the_chunked_form_in_output_and_state(string backend, int chunk)
    {
        var (output, state) = RunOperator(backend, chunk);
        var (expected, expectedState) = Chunked(chunk: 64);
        Close(expected, output);
        Close(expectedState, state);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Chunks_leave_no_trace_in_output_and_state(string backend, int chunk)
    {
        var (output, state) = RunOperator(backend, chunk);
        var (whole, wholeState) = RunOperator(backend, Tokens);
        Assert.Equal(whole, output);
        Assert.Equal(wholeState, state);
    }

    private (float[] Output, float[] State) RunOperator(string name, int chunk)
    {
        using var backend = TestBackends.Create(name);
        using var states = backend.Allocate(DataType.Float32, Heads * Size * Size);
        var layer = new RecurrentLayer(states, 1, Heads, Size);
        backend.Clear(states, 0, states.Length);
        var output = new List<float>();
        for (var start = 0; start < Tokens; start += chunk)
        {
            output.AddRange(RunChunk(backend, layer, start, Math.Min(chunk, Tokens - start)));
        }

        return ([.. output], Read(backend, states));
    }

    private float[] RunChunk(IBackend backend, RecurrentLayer layer, int start, int count)
    {
        var batch = new StepBatch();
        batch.AddSegment(new int[count], start, [], 0, slot: 0);
        var queries = Load(backend, _queries, start, count, Heads);
        var keys = Load(backend, _keys, start, count, KeyValueHeads);
        var values = Load(backend, _values, start, count, KeyValueHeads);
        var output = new Matrix(backend.Allocate(DataType.Float32, count * Heads * Size), count, Heads * Size);
        backend.LinearAttention(queries, keys, values, layer, batch, _decay, output);
        var result = Read(backend, output.Buffer);
        Array.ForEach([queries, keys, values, output], matrix => matrix.Buffer.Dispose());
        return result;
    }

    /// <summary>o_i = Σ_{j≤i} γ^(i-j) (q_i·k_j) v_j, k divided by sqrt(D).</summary>
    private double[] Parallel()
    {
        var output = new double[Tokens * Heads * Size];
        for (var head = 0; head < Heads; head++)
        {
            for (var i = 0; i < Tokens; i++)
            {
                for (var j = 0; j <= i; j++)
                {
                    Accumulate(output, head, i, j, Math.Pow(_decay[head], i - j) * Score(head, i, j));
                }
            }
        }

        return output;
    }

    /// <summary>o_j = γ^j (q_jᵀ S) + Σ_{m≤j} γ^(j-m) (q_j·k_m) v_m; S ← γ^n S + Σ_m γ^(n-m) k_m v_mᵀ, with the last chunk's true length.</summary>
    private (double[] Output, double[] State) Chunked(int chunk)
    {
        var output = new double[Tokens * Heads * Size];
        var state = new double[Heads * Size * Size];
        for (var head = 0; head < Heads; head++)
        {
            var part = state.AsSpan(head * Size * Size, Size * Size);
            for (var start = 0; start < Tokens; start += chunk)
            {
                RunFormula(output, part, head, start, Math.Min(chunk, Tokens - start));
            }
        }

        return (output, state);
    }

    private void RunFormula(double[] output, Span<double> state, int head, int start, int count)
    {
        for (var j = 0; j < count; j++)
        {
            for (var m = 0; m <= j; m++)
            {
                Accumulate(output, head, start + j, start + m, Math.Pow(_decay[head], j - m) * Score(head, start + j, start + m));
            }

            for (var cell = 0; cell < Size * Size; cell++)
            {
                output[At(start + j, Heads, head) + cell % Size] += Math.Pow(_decay[head], j) * _queries[At(start + j, Heads, head) + cell / Size] * state[cell];
            }
        }

        for (var cell = 0; cell < Size * Size; cell++)
        {
            state[cell] *= Math.Pow(_decay[head], count);
            for (var m = 0; m < count; m++)
            {
                var at = At(start + m, KeyValueHeads, head / 2);
                state[cell] += Math.Pow(_decay[head], count - m) * _keys[at + cell / Size] / Math.Sqrt(Size) * _values[at + cell % Size];
            }
        }
    }

    private double Score(int head, int i, int j)
    {
        var sum = 0.0;
        for (var d = 0; d < Size; d++)
        {
            sum += (double)_queries[At(i, Heads, head) + d] * _keys[At(j, KeyValueHeads, head / 2) + d];
        }

        return sum / Math.Sqrt(Size);
    }

    private void Accumulate(double[] output, int head, int i, int j, double weight)
    {
        for (var d = 0; d < Size; d++)
        {
            output[At(i, Heads, head) + d] += weight * _values[At(j, KeyValueHeads, head / 2) + d];
        }
    }

    private static int At(int token, int heads, int head) => (token * heads + head) * Size;

    private static float[] Values(int seed, int heads)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, Tokens * heads * Size).Select(_ => (float)(random.NextDouble() - 0.4))];
    }

    private static Matrix Load(IBackend backend, float[] values, int start, int count, int heads)
    {
        var matrix = new Matrix(backend.Allocate(DataType.Float32, count * heads * Size), count, heads * Size);
        backend.Write(matrix.Buffer, 0, MemoryMarshal.AsBytes(values.AsSpan(start * heads * Size, count * heads * Size)));
        return matrix;
    }

    private static float[] Read(IBackend backend, DeviceBuffer buffer)
    {
        var values = new float[buffer.Length];
        backend.Read(buffer, 0, MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    private static void Close(double[] expected, float[] found)
    {
        Assert.Equal(expected.Length, found.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - found[i]) <= 1e-5 * Math.Max(1, Math.Abs(expected[i])), $"element {i}: {found[i]} found, {expected[i]} expected");
        }
    }
}
