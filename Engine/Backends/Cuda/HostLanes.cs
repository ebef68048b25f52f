using System.Runtime.ExceptionServices;
using OrleansLM.Engine.Backends.Cuda.Device;

namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>
/// Moves much between pageable host memory and a device: several threads, each with pinned buffers of its own, copy pieces while others' pieces are on the bus. One
/// thread alone copies at a fraction of the bus's speed.
/// </summary>
internal sealed class HostLanes(CudaContext context) : IDisposable
{
    /// <summary>Bytes of a piece at most.</summary>
    public const int PieceBytes = 2 << 20;

    private const int SmallestPiece = 256 << 10;
    private const int MaxLanes = 12;

    private readonly HostLane?[] _lanes = new HostLane?[Math.Clamp(Environment.ProcessorCount - 1, 1, MaxLanes)];

    /// <summary>Bytes of the pieces that so many bytes are best cut into: a multiple of 256.</summary>
    public int PieceOf(long bytes) => (int)Math.Clamp((bytes / _lanes.Length + 255) / 256 * 256, SmallestPiece, PieceBytes);

    /// <summary>Calls <paramref name="move"/> for each piece, on several threads; a lane is used by one at a time. What they queue may still be under way at the end.</summary>
    public void Run(int pieces, Action<HostLane, int> move)
    {
        if (pieces <= 1)
        {
            for (var i = 0; i < pieces; i++)
            {
                move(Lane(0), i);
            }

            return;
        }

        var next = -1;
        try
        {
            Parallel.For(0, Math.Min(_lanes.Length, pieces), index =>
            {
                for (var piece = Interlocked.Increment(ref next); piece < pieces; piece = Interlocked.Increment(ref next))
                {
                    move(Lane(index), piece);
                }
            });
        }
        catch (AggregateException failures)
        {
            ExceptionDispatchInfo.Throw(failures.InnerExceptions[0]);
        }
    }

    public void Dispose()
    {
        for (var i = 0; i < _lanes.Length; i++)
        {
            _lanes[i]?.Dispose();
            _lanes[i] = null;
        }
    }

    private HostLane Lane(int index) => _lanes[index] ??= new HostLane(context, PieceBytes);
}
