using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using OrleansLM.Engine.Runtime.Links;
using OrleansLM.Engine.Runtime.Loop;
using OrleansLM.Engine.Sampling;

namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>Results on the wire, one after the other in the order of the step's logit rows.</summary>
internal static class ResultWire
{
    private const int NoTop = -1;

    public static void WriteToken(in SampledToken token, FrameWriter frame)
    {
        frame.Write<int>([(int)RowResultKind.Token, token.Token.TokenId, BitConverter.SingleToInt32Bits(token.Token.LogProb), token.Top?.Count ?? NoTop]);
        foreach (var other in token.Top ?? [])
        {
            frame.Write<int>([other.TokenId, BitConverter.SingleToInt32Bits(other.LogProb)]);
        }
    }

    public static void WriteError(string message, FrameWriter frame)
    {
        frame.Write<int>([(int)RowResultKind.Error, Encoding.UTF8.GetByteCount(message)]);
        frame.Write(message);
    }

    /// <summary>Hands all results of a step to <paramref name="reader"/>.</summary>
    /// <exception cref="InvalidDataException">They are not what the step asked for.</exception>
    public static void Read(ReadOnlySpan<byte> payload, PendingStep step, int vocabulary, IStepReader reader)
    {
        for (var row = 0; row < step.Rows.Count; row++)
        {
            switch ((RowResultKind)Int(ref payload))
            {
                case RowResultKind.Token:
                    reader.Take(step, row, Token(ref payload));
                    break;
                case RowResultKind.Logits:
                    reader.Read(step, row, 1, MemoryMarshal.Cast<byte, float>(Bytes(ref payload, vocabulary * sizeof(float))));
                    break;
                case RowResultKind.Error:
                    reader.Refuse(step, row, new EngineException(EngineError.Internal, Encoding.UTF8.GetString(Bytes(ref payload, Int(ref payload)))));
                    break;
                default:
                    throw new InvalidDataException($"the result of row {row} of step {step.Number} is of no kind that is known");
            }
        }
    }

    private static SampledToken Token(ref ReadOnlySpan<byte> payload)
    {
        var token = LogProb(ref payload);
        var count = Int(ref payload);
        return new SampledToken(token, count == NoTop ? null : Top(ref payload, count));
    }

    private static TokenLogProb[] Top(ref ReadOnlySpan<byte> payload, int count)
    {
        if (count is < 0 or > SamplingParameters.MaxLogProbs)
        {
            throw new InvalidDataException($"{count} alternatives; expected at most {SamplingParameters.MaxLogProbs}");
        }

        var top = new TokenLogProb[count];
        for (var i = 0; i < count; i++)
        {
            top[i] = LogProb(ref payload);
        }

        return top;
    }

    private static TokenLogProb LogProb(ref ReadOnlySpan<byte> payload)
    {
        var id = Int(ref payload);
        return new TokenLogProb(id, BitConverter.Int32BitsToSingle(Int(ref payload)));
    }

    private static int Int(ref ReadOnlySpan<byte> payload) => BinaryPrimitives.ReadInt32LittleEndian(Bytes(ref payload, sizeof(int)));

    private static ReadOnlySpan<byte> Bytes(ref ReadOnlySpan<byte> payload, int count)
    {
        if (count < 0 || count > payload.Length)
        {
            throw new InvalidDataException($"a result needs {count} bytes where {payload.Length} are left");
        }

        var bytes = payload[..count];
        payload = payload[count..];
        return bytes;
    }
}
