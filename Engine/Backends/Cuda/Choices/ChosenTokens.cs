using OrleansLM.Engine.Backends.Cuda.Device;
using OrleansLM.Engine.Runtime.Loop;

namespace OrleansLM.Engine.Backends.Cuda.Choices;

/// <summary>
/// The ids that the newest steps choose, by <see cref="ChoicePlace"/>: written by the device of the last stage, read by that of the first. On one device they lie in its memory;
/// for several in page-locked memory of the host, which every device reaches, peers or not, in about a microsecond.
/// </summary>
internal sealed unsafe class ChosenTokens : IDisposable
{
    private readonly DeviceMemory? _device;
    private readonly PinnedMemory? _host;
    private readonly int _rows;

    /// <param name="stream">Of the device that chooses.</param>
    /// <param name="rows">Rows of logits of a step at most.</param>
    /// <param name="isShared">Another device reads them.</param>
    public ChosenTokens(CudaStream stream, int rows, bool isShared)
    {
        _rows = rows;
        var bytes = (long)ChoicePlace.Steps * rows * sizeof(int);
        if (isShared)
        {
            _host = new PinnedMemory(stream.Context, bytes);
            new Span<byte>(_host.Data, checked((int)bytes)).Clear();
            return;
        }

        _device = new DeviceMemory(stream.Context, bytes);
        stream.Fill(_device.Address, 0, bytes);
    }

    public ulong Address => _device?.Address ?? (ulong)_host!.Data;

    /// <summary>Where the id of an entry of a step's logit rows lies.</summary>
    public ulong At(long step, int row) => Address + (ulong)ChoicePlace.Of(step, row, _rows) * sizeof(int);

    public void Dispose()
    {
        _device?.Dispose();
        _host?.Dispose();
    }
}
