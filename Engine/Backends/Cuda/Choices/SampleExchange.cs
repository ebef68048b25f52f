using OrleansLM.Engine.Backends.Cuda.Device;
using OrleansLM.Engine.Runtime.Stages;
using OrleansLM.Engine.Sampling;

namespace OrleansLM.Engine.Backends.Cuda.Choices;

/// <summary>What a step asks of the device's sampler and what comes back, in page-locked memory that the device reads and writes itself. Grown to the largest step and kept.</summary>
internal sealed unsafe class SampleExchange(CudaContext context) : IDisposable
{
    private const int SmallestRows = 64;

    private PinnedMemory? _rows;
    private PinnedMemory? _results;
    private PinnedMemory? _biases;
    private int _biasRoom;
    private int _biasCount;

    public ulong BiasIds => (ulong)_biases!.Data;

    public ulong BiasValues => BiasIds + (ulong)_biasRoom * sizeof(int);

    /// <summary>Makes room for a step; nothing of the last one is left.</summary>
    /// <param name="rows">Rows of logits.</param>
    /// <param name="biases">Biased ids of all of them.</param>
    public void Begin(int rows, int biases)
    {
        _biasCount = 0;
        Reserve(ref _rows, rows, sizeof(SampleRow));
        Reserve(ref _results, rows, sizeof(SampleResult));
        if (_biases is null || biases > _biasRoom)
        {
            _biasRoom = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(biases, SmallestRows));
            _biases?.Dispose();
            _biases = null;
            _biases = new PinnedMemory(context, _biasRoom * 2L * sizeof(int));
        }
    }

    public ref SampleRow Row(int index) => ref ((SampleRow*)_rows!.Data)[index];

    public ref readonly SampleResult Result(int index) => ref ((SampleResult*)_results!.Data)[index];

    public ulong RowsAt(int index) => (ulong)((SampleRow*)_rows!.Data + index);

    public ulong ResultsAt(int index) => (ulong)((SampleResult*)_results!.Data + index);

    /// <summary>Asks for a token of a row.</summary>
    /// <param name="index">Of the row.</param>
    /// <param name="plan">How it is chosen.</param>
    /// <param name="position">Of the token.</param>
    /// <param name="counts">Row of the token counts, or -1.</param>
    public void Choose(int index, SamplingPlan plan, long position, int counts)
    {
        var parameters = plan.Parameters;
        Row(index) = new SampleRow
        {
            Temperature = parameters.Temperature,
            TopK = parameters.TopK,
            TopP = parameters.TopP,
            MinP = parameters.MinP,
            Repetition = parameters.RepetitionPenalty,
            Presence = parameters.PresencePenalty,
            Frequency = parameters.FrequencyPenalty,
            Counts = counts,
            Seed = parameters.Seed,
            Position = position,
            BiasStart = AddBiases(plan.BiasIds, plan.BiasValues),
            BiasCount = plan.BiasIds.Length,
            Top = parameters.LogProbs ?? -1,
            CountsIt = counts >= 0 ? 1 : 0,
            Given = SampleRow.Choose,
        };
    }

    /// <summary>Asks for a token of a row, as an engine elsewhere wants it.</summary>
    public void Choose(int index, in RowRequest request, ReadOnlySpan<int> biasIds, ReadOnlySpan<float> biasValues) => Row(index) = new SampleRow
    {
        Temperature = request.Temperature,
        TopK = request.TopK,
        TopP = request.TopP,
        MinP = request.MinP,
        Repetition = request.Repetition,
        Presence = request.Presence,
        Frequency = request.Frequency,
        Counts = request.Counts,
        Seed = request.Seed,
        Position = request.Position,
        BiasStart = AddBiases(biasIds, biasValues),
        BiasCount = biasIds.Length,
        Top = request.Top,
        CountsIt = request.Counts >= 0 ? 1 : 0,
        Given = SampleRow.Choose,
    };

    /// <summary>Asks for log-probabilities beside a token that is there.</summary>
    public void Score(int index, int token, int top, long position) =>
        Row(index) = new SampleRow { TopP = 1, Repetition = 1, Counts = -1, Position = position, Top = top, Given = token };

    /// <summary>Asks for nothing.</summary>
    public void Skip(int index) => Row(index) = new SampleRow { Counts = -1, Given = SampleRow.Nothing };

    public void Dispose()
    {
        _rows?.Dispose();
        _results?.Dispose();
        _biases?.Dispose();
    }

    private int AddBiases(ReadOnlySpan<int> ids, ReadOnlySpan<float> values)
    {
        var start = _biasCount;
        ids.CopyTo(new Span<int>(_biases!.Data, _biasRoom)[start..]);
        values.CopyTo(new Span<float>(_biases.Data + _biasRoom * sizeof(int), _biasRoom)[start..]);
        _biasCount += ids.Length;
        return start;
    }

    private void Reserve(ref PinnedMemory? memory, int rows, int size)
    {
        if (memory is null || memory.Bytes < (long)rows * size)
        {
            memory?.Dispose();
            memory = null;
            memory = new PinnedMemory(context, (long)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(rows, SmallestRows)) * size);
        }
    }
}
