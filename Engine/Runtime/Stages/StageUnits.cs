using System.Buffers.Binary;
using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime.Links;

namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>What a stage elsewhere does with frames that are no steps: units of the state that pass by, and what it does not know.</summary>
internal sealed class StageUnits(StageModel model)
{
    /// <summary>Writes the frame that goes on.</summary>
    /// <returns>Its kind.</returns>
    public FrameKind Answer(FrameBuffer frame, FrameWriter answer)
    {
        switch (frame.Header.Kind)
        {
            case FrameKind.ReadUnit:
                Read(frame.Payload, answer);
                break;
            case FrameKind.WriteUnit:
                Write(frame.Payload, answer);
                break;
            default:
                answer.Write(frame.Payload);
                break;
        }

        return frame.Header.Kind;
    }

    /// <summary>Adds this stage's slice.</summary>
    private void Read(ReadOnlySpan<byte> payload, FrameWriter answer)
    {
        answer.Write(payload);
        model.State.ReadUnit(BinaryPrimitives.ReadInt32LittleEndian(payload), answer.Take((int)model.State.UnitBytes));
    }

    /// <summary>Takes this stage's slice off.</summary>
    private void Write(ReadOnlySpan<byte> payload, FrameWriter answer)
    {
        var (unit, size) = (BinaryPrimitives.ReadInt32LittleEndian(payload), (int)model.State.UnitBytes);
        var bytes = payload[sizeof(int)..];
        if (bytes.Length < size || (model.IsLast && bytes.Length > size))
        {
            throw new InvalidDataException($"{bytes.Length} bytes of unit {unit} are left; expected {(model.IsLast ? "" : "at least ")}{size}");
        }

        model.State.WriteUnit(unit, bytes[..size]);
        answer.Write(unit);
        answer.Write(bytes[size..]);
    }
}
