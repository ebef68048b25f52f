using System.Buffers.Binary;
using OrleansLM.Engine.Runtime.Links;

namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>
/// Pages and slots on their way round the stages of one connection: begun on the engine's thread, answered on the link's. Their numbers are negative, which tells
/// them from steps.
/// </summary>
internal sealed class UnitExchange
{
    private readonly Lock _lock = new();
    private readonly Dictionary<long, (TaskCompletionSource Done, Memory<byte> Destination)> _asked = [];
    private long _last;
    private string? _ended;

    /// <param name="destination">What the unit is read to: of the stages behind the first one too; empty when it is written.</param>
    public (long Number, Task Done) Begin(Memory<byte> destination)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_ended is { } reason)
            {
                throw Lost(reason);
            }

            _asked.Add(--_last, (done, destination));
            return (_last, done.Task);
        }
    }

    /// <summary>What came back; after <see cref="End"/> nothing is written any more.</summary>
    public void Answered(FrameBuffer frame)
    {
        lock (_lock)
        {
            if (!_asked.Remove(frame.Header.Step, out var asked))
            {
                return;
            }

            if (Fill(frame, asked.Destination) is { } failure)
            {
                asked.Done.SetException(failure);
            }
            else
            {
                asked.Done.SetResult();
            }
        }
    }

    /// <summary>The connection is over: nothing more comes.</summary>
    public void End(string reason)
    {
        lock (_lock)
        {
            _ended ??= reason;
            foreach (var (done, _) in _asked.Values)
            {
                done.SetException(Lost(reason));
            }

            _asked.Clear();
        }
    }

    private static EngineException? Fill(FrameBuffer frame, Memory<byte> destination)
    {
        if (frame.Header.Kind == FrameKind.StepFailed)
        {
            return new EngineException(EngineError.Internal, frame.Text);
        }

        var bytes = frame.Payload[sizeof(int)..];
        if (bytes.Length != destination.Length)
        {
            return new EngineException(EngineError.Internal, $"unit {BinaryPrimitives.ReadInt32LittleEndian(frame.Payload)} came with {bytes.Length} bytes; expected {destination.Length}");
        }

        bytes.CopyTo(destination.Span);
        return null;
    }

    private static EngineException Lost(string reason) => new(EngineError.Unavailable, $"a stage was lost while state was moved: {reason}");
}
