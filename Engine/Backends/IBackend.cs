using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Backends;

/// <summary>
/// The narrow waist between models and devices: the operators that a decoder needs. Every backend is held to <c>Reference</c> by one table of cases
/// (tests/Engine.Tests/Backends). Legend: T rows of this step, C hidden, H query heads, G key-value heads, D head size, F feed-forward, V vocabulary.
/// <para>
/// Promise 2 (invariance) is kept here: for every operator, row t of the result depends only on row t of the input, the weights and that
/// sequence's own state, with one fixed order of additions, whatever T, the other rows or the number of threads are.
/// </para>
/// <para>Operators may run later than the call returns; <see cref="Read"/> waits for them. A backend is used by one thread at a time.</para>
/// </summary>
public interface IBackend : IDisposable
{
    /// <summary>What this is and runs on, for logs and <c>inspect</c>: for example <c>cpu (AVX2, 2 threads)</c>.</summary>
    string Description { get; }

    /// <summary>Identity of the arithmetic: two backends with the same kind give the same bits. Written to session logs.</summary>
    string Kind { get; }

    /// <summary>Element type in which the backend wants activations between operators. The residual stream and logits are f32 everywhere.</summary>
    DataType ActivationType => DataType.Float32;

    /// <summary>Chunk length of <see cref="LinearAttention"/> that suits the backend; 1: the recurrent form.</summary>
    int StateChunkTokens => 1;

    /// <exception cref="OutOfMemoryException">The device has not that much memory; nothing was allocated.</exception>
    DeviceBuffer Allocate(DataType type, long length);

    /// <summary>Takes a weight into use. The CPU keeps the mapped memory; a GPU uploads. Checks for NaN and infinity are the caller's.</summary>
    Weight LoadWeight(HostTensor tensor);

    /// <summary>
    /// Runs the layers of a stage over a batch. A backend that records its work may run <paramref name="body"/> with more rows than the batch has, of
    /// which the last are padding, or not at all, when it has a recording for that many rows and these addresses.
    /// </summary>
    void RunLayers(IStepBody body, StepBatch batch, Matrix hidden) => body.RunLayers(batch, hidden);

    /// <summary>Runs the head of a stage for entries [first, first + count) of <see cref="StepBatch.LogitRows"/>, in the same way.</summary>
    void RunHead(IStepBody body, StepBatch batch, Matrix hidden, int first, int count) => body.RunHead(batch, hidden, first, count);

    /// <summary>x[t] = table[tokens[t]]. x: [T, C], table: [V, C].</summary>
    void Embed(ReadOnlySpan<int> tokens, Weight table, Matrix x);

    /// <summary>y[t] = x[t] / sqrt(mean(x[t]²) + epsilon) ⊙ weight. x, y: [T, C], weight: [C]. x and y may be the same.</summary>
    void RmsNorm(Matrix x, Weight weight, float epsilon, Matrix y);

    /// <summary>Products with one common input x [T, K]; see <see cref="Projection"/>.</summary>
    void Project(Matrix x, ReadOnlySpan<Projection> projections);

    /// <summary>Rotates every head of x [T, heads·D] by the position of its row: half-split RoPE with cos and sin from <paramref name="table"/> (spec §1.1).</summary>
    void Rope(Matrix x, int heads, StepBatch batch, RopeTable table);

    /// <summary>Writes keys and values [T, G·D] of this step to their pages.</summary>
    void StoreKeyValue(Matrix keys, Matrix values, KeyValueLayer layer, StepBatch batch);

    /// <summary>
    /// Causal softmax attention of query rows [T, H·D] over the pages of their own sequences, the rows of this step included (they must be stored
    /// already). <paramref name="window"/>: W of <see cref="Models.ModelConfig.SlidingWindow"/>, or int.MaxValue. Pages are reduced in order.
    /// </summary>
    void Attention(Matrix queries, KeyValueLayer layer, StepBatch batch, float scale, int window, Matrix output);

    /// <summary>gate = silu(gate) ⊙ up, silu(x) = x / (1 + exp(-x)). Both [T, F].</summary>
    void SwiGlu(Matrix gate, Matrix up);

    /// <summary>x = max(0, x + bias). x: [T, N], bias: [N]. SUPRA's feature map.</summary>
    void BiasRelu(Matrix x, Weight bias);

    /// <summary>
    /// SUPRA's linear attention (spec §3.2 steps 3, 6, 7 and §3.4): advances each sequence's state by its rows and writes o. queries: [T, H·D],
    /// keys and values: [T, G·D], keys not yet divided by sqrt(D); decay: H values gamma; output: [T, H·D]. The layer's chunk length says which form it is: of one
    /// token, the recurrent one; of more, the chunked one, over chunks that begin at multiples of that length whatever rows the step has.
    /// </summary>
    void LinearAttention(Matrix queries, Matrix keys, Matrix values, RecurrentLayer layer, StepBatch batch, ReadOnlySpan<float> decay, Matrix output);

    /// <summary>Per row and head: (x - mean) / sqrt(biased variance + epsilon), without weight or bias. x: [T, heads·D], in place.</summary>
    void GroupNorm(Matrix x, int heads, float epsilon);

    /// <summary><see cref="LinearAttention"/>, then <see cref="GroupNorm"/> of its heads.</summary>
    void LinearAttentionNormed(
        Matrix queries, Matrix keys, Matrix values, RecurrentLayer layer, StepBatch batch, ReadOnlySpan<float> decay, float epsilon, Matrix output)
    {
        LinearAttention(queries, keys, values, layer, batch, decay, output);
        GroupNorm(output, layer.Heads, epsilon);
    }

    /// <summary>y[i] = x[rows[i]]. Picks the rows that need logits.</summary>
    void GatherRows(Matrix x, ReadOnlySpan<int> rows, Matrix y);

    /// <summary>y[i] = x[batch.LogitRows[first + i]].</summary>
    void GatherLogitRows(Matrix x, StepBatch batch, int first, Matrix y) => GatherRows(x, batch.LogitRows.Slice(first, y.Rows), y);

    /// <summary>Norm and products in one: <paramref name="norm"/>'s output may be left unwritten.</summary>
    void NormProject(Matrix x, in NormStep norm, ReadOnlySpan<Projection> projections)
    {
        RmsNorm(x, norm.Weight, norm.Epsilon, norm.Output);
        Project(norm.Output, projections);
    }

    /// <summary>gate = silu(n · gateWeightᵀ) ⊙ (n · upWeightᵀ) with n the norm of x; <paramref name="up"/> and the norm's output may be left unwritten.</summary>
    void NormGate(Matrix x, in NormStep norm, Weight gateWeight, Weight upWeight, Matrix gate, Matrix up)
    {
        NormProject(x, norm, [new(gateWeight, gate), new(upWeight, up)]);
        SwiGlu(gate, up);
    }

    /// <summary>y = max(0, x · weightᵀ + bias): SUPRA's feature map. y: [T, N], bias: [N].</summary>
    void ProjectRelu(Matrix x, Weight weight, Weight bias, Matrix y)
    {
        Project(x, [new(weight, y)]);
        BiasRelu(y, bias);
    }

    /// <summary>
    /// What softmax attention begins with: queries, keys and values of the norm of x, rotated, the keys and values stored in their pages. Only
    /// <paramref name="inputs"/>' queries have to be there afterwards.
    /// </summary>
    void NormQueryKeyValue(Matrix x, in NormStep norm, in AttentionInputs inputs, KeyValueLayer layer, StepBatch batch, RopeTable table)
    {
        NormProject(x, norm, [new(inputs.QueryWeight, inputs.Queries), new(inputs.KeyWeight, inputs.Keys), new(inputs.ValueWeight, inputs.Values)]);
        Rope(inputs.Queries, inputs.Queries.Columns / layer.HeadDim, batch, table);
        Rope(inputs.Keys, layer.KeyValueHeads, batch, table);
        StoreKeyValue(inputs.Keys, inputs.Values, layer, batch);
    }

    /// <summary>Copies <paramref name="count"/> elements inside one buffer: copy-on-write of a page, fork of a recurrent state.</summary>
    void Copy(DeviceBuffer buffer, long from, long to, long count);

    /// <summary>Sets elements [start, start + count) to zero: a fresh recurrent state.</summary>
    void Clear(DeviceBuffer buffer, long start, long count);

    /// <summary>Waits for everything queued and copies a buffer's elements, as raw bytes of its type, to the host.</summary>
    void Read(DeviceBuffer buffer, long start, Span<byte> destination);

    /// <summary>
    /// <see cref="Read"/> of equal parts of several buffers: for each start, in order, the same number of elements of every buffer from there on. <paramref name="destination"/> takes
    /// starts · buffers parts.
    /// </summary>
    void ReadAll(IReadOnlyList<DeviceBuffer> buffers, ReadOnlySpan<long> starts, Span<byte> destination)
    {
        var size = destination.Length / (starts.Length * buffers.Count);
        foreach (var start in starts)
        {
            foreach (var buffer in buffers)
            {
                Read(buffer, start, destination[..size]);
                destination = destination[size..];
            }
        }
    }

    /// <summary>Puts back what <see cref="ReadAll"/> read; the source has been read when it returns.</summary>
    void WriteAll(IReadOnlyList<DeviceBuffer> buffers, ReadOnlySpan<long> starts, ReadOnlySpan<byte> source)
    {
        var size = source.Length / (starts.Length * buffers.Count);
        foreach (var start in starts)
        {
            foreach (var buffer in buffers)
            {
                Write(buffer, start, source[..size]);
                source = source[size..];
            }
        }
    }

    /// <summary>Copies raw elements from the host into a buffer.</summary>
    void Write(DeviceBuffer buffer, long start, ReadOnlySpan<byte> source);

    /// <summary>Logits of a step as f32 on the host, [rows, V]; valid until the next operator. Host backends return their memory, others copy.</summary>
    ReadOnlySpan<float> ReadLogits(Matrix logits);
}
