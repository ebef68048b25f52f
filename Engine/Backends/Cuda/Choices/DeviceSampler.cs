using OrleansLM.Engine.Backends.Cuda.Compile;
using OrleansLM.Engine.Backends.Cuda.Device;
using OrleansLM.Engine.Sampling;

namespace OrleansLM.Engine.Backends.Cuda.Choices;

/// <summary>
/// sample.cu: chooses tokens where the logits lie, with the ids that <see cref="Sampler"/> chooses. Keeps the ids of the newest step, for a step that follows, and a table of
/// token counts for turns with penalties.
/// </summary>
internal sealed unsafe class DeviceSampler : IDisposable
{
    /// <summary>Largest vocabulary that the kernel takes.</summary>
    public const int MaxVocabulary = 1 << 20;

    private const int Threads = 1024;
    private readonly CudaStream _stream;
    private readonly CudaKernel _sample;
    private readonly CudaKernel _takeTokens;
    private readonly int _vocabulary;
    private readonly DeviceMemory _work;
    private readonly DeviceMemory _ids;
    private readonly DeviceMemory _counts;
    private readonly PinnedMemory _filling;
    private readonly CudaEvent _filled;

    /// <param name="stream">That the logits are computed in.</param>
    /// <param name="modules">Of the device.</param>
    /// <param name="vocabulary">V.</param>
    /// <param name="rows">Rows of logits of a step at most.</param>
    /// <param name="blockRows">Rows of a <see cref="Choose"/> at most.</param>
    /// <param name="slots">Turns with penalties whose counts are kept.</param>
    public DeviceSampler(CudaStream stream, KernelModules modules, int vocabulary, int rows, int blockRows, int slots)
    {
        _stream = stream;
        _vocabulary = vocabulary;
        _sample = modules.Get("sample.cu").Kernel("sample", "ppppppppi");
        _takeTokens = modules.Get("sample.cu").Kernel("take_tokens", "ppi");
        Slots = new CountSlots(slots);
        _work = new DeviceMemory(stream.Context, (long)blockRows * vocabulary * sizeof(float));
        _ids = new DeviceMemory(stream.Context, (long)rows * sizeof(int));
        _counts = new DeviceMemory(stream.Context, (long)slots * vocabulary * sizeof(int));
        _filling = new PinnedMemory(stream.Context, (long)vocabulary * sizeof(int));
        _filled = new CudaEvent(stream.Context);
        stream.Fill(_ids.Address, 0, _ids.Bytes);
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

    /// <summary>Queues the choices of a block of logits [<paramref name="count"/>, V], entries from <paramref name="first"/> on of the step's logit rows.</summary>
    public void Choose(ulong logits, int first, int count, SampleExchange exchange) => _sample.Launch(
        _stream, LaunchShape.Of(count, Threads), logits, exchange.RowsAt(first), exchange.BiasIds, exchange.BiasValues, _counts.Address, _work.Address,
        _ids.Address + (ulong)first * sizeof(int), exchange.ResultsAt(first), _vocabulary);

    /// <summary>Queues the replacing of tokens below 0 by what the newest step chooses.</summary>
    public void TakeTokens(ulong tokens, int count) => _takeTokens.Launch(_stream, LaunchShape.Of((count + 255) / 256, 256), tokens, _ids.Address, count);

    public void Dispose()
    {
        _work.Dispose();
        _ids.Dispose();
        _counts.Dispose();
        _filling.Dispose();
        _filled.Dispose();
    }
}
