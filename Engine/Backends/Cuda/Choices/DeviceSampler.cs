using OrleansLM.Engine.Backends.Cuda.Compile;
using OrleansLM.Engine.Backends.Cuda.Device;
using OrleansLM.Engine.Sampling;

namespace OrleansLM.Engine.Backends.Cuda.Choices;

/// <summary>
/// sample.cu: chooses tokens where the logits lie, with the ids that <see cref="Sampler"/> chooses. Leaves the ids where steps that follow find them, and keeps a table of token
/// counts for turns with penalties.
/// </summary>
internal sealed unsafe class DeviceSampler : IDisposable
{
    /// <summary>Largest vocabulary that the kernel takes.</summary>
    public const int MaxVocabulary = 1 << 20;

    private const int Threads = 1024;

    /// <summary>Fillings of rows of the counts on their way together: a step with more waits for the device.</summary>
    private const int Fillings = 16;

    private readonly CudaStream _stream;
    private readonly CudaKernel _sample;
    private readonly int _vocabulary;
    private readonly DeviceMemory _work;
    private readonly ChosenTokens _chosen;
    private readonly DeviceMemory _counts;
    private int _next;
    private readonly PinnedMemory[] _filling = new PinnedMemory[Fillings];
    private readonly CudaEvent[] _filled = new CudaEvent[Fillings];

    /// <param name="stream">That the logits are computed in.</param>
    /// <param name="modules">Of the device.</param>
    /// <param name="vocabulary">V.</param>
    /// <param name="chosen">Gets the ids; the caller's.</param>
    /// <param name="blockRows">Rows of a <see cref="Choose"/> at most.</param>
    /// <param name="slots">Turns with penalties whose counts are kept.</param>
    /// <param name="within">Steps that may be under way together.</param>
    public DeviceSampler(CudaStream stream, KernelModules modules, int vocabulary, ChosenTokens chosen, int blockRows, int slots, int within)
    {
        _stream = stream;
        _vocabulary = vocabulary;
        _sample = modules.Get("sample.cu").Kernel("sample", "ppppppppi");
        _chosen = chosen;
        Slots = new CountSlots(slots, within);
        _work = new DeviceMemory(stream.Context, (long)blockRows * vocabulary * sizeof(float));
        _counts = new DeviceMemory(stream.Context, (long)slots * vocabulary * sizeof(int));
        for (var i = 0; i < Fillings; i++)
        {
            _filling[i] = new PinnedMemory(stream.Context, (long)vocabulary * sizeof(int));
            _filled[i] = new CudaEvent(stream.Context);
        }

        stream.Fill(_counts.Address, 0, _counts.Bytes);
    }

    public CountSlots Slots { get; }

    /// <summary>Queues the filling of a row of the counts.</summary>
    public void Fill(int slot, TokenCounts counts)
    {
        counts.States.CopyTo(NextFilling());
        QueueFilling(slot);
    }

    /// <summary>Queues the filling of a row of the counts with pairs: an id, and what stands for it.</summary>
    public void Fill(int slot, ReadOnlySpan<int> pairs)
    {
        var states = NextFilling();
        states.Clear();
        for (var i = 0; i < pairs.Length; i += 2)
        {
            states[pairs[i]] = pairs[i + 1];
        }

        QueueFilling(slot);
    }

    /// <summary>Queues the choices of a block of logits [<paramref name="count"/>, V], entries from <paramref name="first"/> on of the logit rows of a step.</summary>
    public void Choose(ulong logits, long step, int first, int count, SampleExchange exchange) => _sample.Launch(
        _stream, LaunchShape.Of(count, Threads), logits, exchange.RowsAt(first), exchange.BiasIds, exchange.BiasValues, _counts.Address, _work.Address,
        _chosen.At(step, first), exchange.ResultsAt(first), _vocabulary);

    public void Dispose()
    {
        _work.Dispose();
        _counts.Dispose();
        Array.ForEach(_filling, memory => memory.Dispose());
        Array.ForEach(_filled, mark => mark.Dispose());
    }

    private Span<int> NextFilling()
    {
        _next = (_next + 1) % Fillings;
        _filled[_next].Synchronize();
        return new Span<int>(_filling[_next].Data, _vocabulary);
    }

    private void QueueFilling(int slot)
    {
        var bytes = (long)_vocabulary * sizeof(int);
        _stream.CopyToDevice(_counts.Address + (ulong)slot * (ulong)bytes, _filling[_next].Data, bytes);
        _filled[_next].Record(_stream);
    }
}
