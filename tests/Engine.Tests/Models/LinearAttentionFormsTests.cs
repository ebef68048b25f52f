using System.Runtime.InteropServices;
using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.State;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Tests.Models;

/// <summary>
/// The three forms of linear attention (spec §3.4) are one function: what the operator computes, recurrent and in chunks of any length, equals the parallel and the
/// chunked form, written here from their formulas in f64. The rows of its steps leave no trace at all.
/// </summary>
public sealed class LinearAttentionFormsTests
{
    private const int Tokens = 300;
    private const int Heads = 4;
    private const int Size = 16;

    private readonly float[] _queries = Values(1, Heads);
    private readonly float[] _keys = Values(2, Heads);
    private readonly float[] _values = Values(3, Heads);
    private float[] _decay = DecayTables.Build(new SupraConfig { Decay = SupraDecay.Lightning }, Heads);
    private int _keyValueHeads = 2;

    /// <summary>Chunks of one token are the recurrent form; one longer than the text is the parallel form. 300 tokens end inside a chunk of 7, 64 and 128.</summary>
    public static TheoryData<string, int> Cases => TestBackends.NamesWith(1, 7, 16, 64, 128, 512);

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_operator_equals_the_parallel_form(string backend, int chunk) => Close(Parallel(), RunOperator(backend, chunk, step: 50).Output);

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_operator_equals_the_chunked_form_in_output_and_state(string backend, int chunk)
    {
        var (output, state) = RunOperator(backend, chunk, step: Tokens);
        var (expected, expectedState) = Chunked(chunk: 64, reach: Tokens / chunk * chunk);
        Close(expected, output);
        Close(expectedState, state);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Steps_leave_no_trace_in_output_and_state(string backend, int chunk)
    {
        var (whole, wholeState) = RunOperator(backend, chunk, step: Tokens);
        foreach (var step in new[] { 1, 7, 64, 128 })
        {
            var (output, state) = RunOperator(backend, chunk, step);
            Assert.Equal(whole, output);
            Assert.Equal(wholeState, state);
        }
    }

    [Theory]
    [InlineData("reference", SupraDecay.None, 2)]
    [InlineData("reference", SupraDecay.RetNet, 2)]
    [InlineData("reference", SupraDecay.Lightning, 4)]
    [InlineData("cpu", SupraDecay.None, 2)]
    [InlineData("cpu", SupraDecay.RetNet, 2)]
    [InlineData("cpu", SupraDecay.Lightning, 4)]
    public void So_it_is_with_any_decay_and_with_as_many_keys_as_queries(string backend, SupraDecay decay, int keyValueHeads)
    {
        _decay = DecayTables.Build(new SupraConfig { Decay = decay }, Heads);
        _keyValueHeads = keyValueHeads;
        var expected = Parallel();
        foreach (var chunk in new[] { 1, 7, 64, 128 })
        {
            Close(expected, RunOperator(backend, chunk, step: 33).Output);
        }
    }

    /// <summary>The fastest head forgets everything within a chunk: no power of its decay may be divided by.</summary>
    [Theory]
    [MemberData(nameof(TestBackends.Names), MemberType = typeof(TestBackends))]
    public void A_decay_that_underflows_within_a_chunk_does_no_harm(string backend)
    {
        _decay = [0.3f, 1e-3f, 0.9f, 1e-20f];
        var (output, state) = RunOperator(backend, chunk: 128, step: 100);
        Assert.All(output.Concat(state), value => Assert.True(float.IsFinite(value)));
        Close(Parallel(), output);
    }

    /// <summary>What each token reads, and the state at the last whole chunk.</summary>
    private (float[] Output, float[] State) RunOperator(string name, int chunk, int step)
    {
        using var backend = TestBackends.Create(name);
        var spec = new RecurrentSpec(Heads, _keyValueHeads, Size, chunk);
        using var state = new StageState(backend, spec, layers: 1, units: 2);
        state.Apply([new StateCopy(-1, 1)]);
        var output = new List<float>();
        for (var start = 0; start < Tokens; start += step)
        {
            output.AddRange(RunChunk(backend, state.Recurrent(0), start, Math.Min(step, Tokens - start)));
        }

        var bytes = new byte[state.UnitBytes];
        state.ReadUnit(1, bytes);
        return ([.. output], MemoryMarshal.Cast<byte, float>(bytes)[..(Heads * Size * Size)].ToArray());
    }

    private float[] RunChunk(IBackend backend, RecurrentLayer layer, int start, int count)
    {
        var batch = new StepBatch();
        batch.AddSegment(new int[count], start, [], 0, slot: 1);
        var queries = Load(backend, _queries, start, count, Heads);
        var keys = Load(backend, _keys, start, count, _keyValueHeads);
        var values = Load(backend, _values, start, count, _keyValueHeads);
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

    /// <summary>
    /// o_j = γ^j (q_jᵀ S) + Σ_{m≤j} γ^(j-m) (q_j·k_m) v_m; S ← γ^n S + Σ_m γ^(n-m) k_m v_mᵀ, with the last chunk's true length. The state is that after the first
    /// <paramref name="reach"/> tokens, where a chunk is cut too.
    /// </summary>
    private (double[] Output, double[] State) Chunked(int chunk, int reach)
    {
        var output = new double[Tokens * Heads * Size];
        var before = ChunkedPart(output, chunk, 0, reach, new double[Heads * Size * Size]);
        _ = ChunkedPart(output, chunk, reach, Tokens, [.. before]);
        return (output, before);
    }

    private double[] ChunkedPart(double[] output, int chunk, int from, int to, double[] state)
    {
        for (var head = 0; head < Heads; head++)
        {
            var part = state.AsSpan(head * Size * Size, Size * Size);
            for (var start = from; start < to; start += chunk)
            {
                RunFormula(output, part, head, start, Math.Min(chunk, to - start));
            }
        }

        return state;
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
                var at = At(start + m, _keyValueHeads, head / (Heads / _keyValueHeads));
                state[cell] += Math.Pow(_decay[head], count - m) * _keys[at + cell / Size] / Math.Sqrt(Size) * _values[at + cell % Size];
            }
        }
    }

    private double Score(int head, int i, int j)
    {
        var sum = 0.0;
        for (var d = 0; d < Size; d++)
        {
            sum += (double)_queries[At(i, Heads, head) + d] * _keys[At(j, _keyValueHeads, head / (Heads / _keyValueHeads)) + d];
        }

        return sum / Math.Sqrt(Size);
    }

    private void Accumulate(double[] output, int head, int i, int j, double weight)
    {
        for (var d = 0; d < Size; d++)
        {
            output[At(i, Heads, head) + d] += weight * _values[At(j, _keyValueHeads, head / (Heads / _keyValueHeads)) + d];
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
