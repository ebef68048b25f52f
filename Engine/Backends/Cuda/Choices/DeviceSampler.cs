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
    private readonly CudaStream _stream;
    private readonly CudaKernel _sample;
    private readonly int _vocabulary;
    private readonly DeviceMemory _work;
    private readonly ChosenTokens _chosen;
    private readonly DeviceMemory _counts;
    private readonly PinnedMemory _filling;
    private readonly CudaEvent _filled;

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
        _filling = new PinnedMemory(stream.Context, (long)vocabulary * sizeof(int));
        _filled = new CudaEvent(stream.Context);
        stream.Fill(_counts.Address, 0, _counts.Bytes);
    }

    public CountSlots Slots { get; }

    /// <summary>Queues the filling of a row of the counts.</summary>
    public void Fill(int slot, TokenCounts counts)
    {
        _filled.Synchronize();
        counts.States.CopyTo(new Span<int>(_filling.Data, _vocabulary));
        _stream.CopyToDevice(_counts.Address + (ulong)slot * (ulong)_vocabulary * sizeof(int), _filling.Data, (long)_vocabulary * sizeof(int));
        _filled.Record(_stream);
    }

    /// <summary>Queues the choices of a block of logits [<paramref name="count"/>, V], entries from <paramref name="first"/> on of the logit rows of a step.</summary>
    public void Choose(ulong logits, long step, int first, int count, SampleExchange exchange) => _sample.Launch(
        _stream, LaunchShape.Of(count, Threads), logits, exchange.RowsAt(first), exchange.BiasIds, exchange.BiasValues, _counts.Address, _work.Address,
        _chosen.At(step, first), exchange.ResultsAt(first), _vocabulary);

    public void Dispose()
    {
        _work.Dispose();
        _counts.Dispose();
        _filling.Dispose();
        _filled.Dispose();
    }
}
