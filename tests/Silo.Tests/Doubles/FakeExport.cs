using System.Buffers.Binary;
using System.Security.Cryptography;
using OrleansLM.Engine.State.Transfer;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Silo.Tests.Doubles;

/// <summary>The state of a fake sequence: one unit of nothing in particular.</summary>
internal sealed class FakeExport(FakeEngine engine, int[] tokens) : IStateExport
{
    public StateHeader Header { get; } = new()
    {
        Fingerprint = engine.Description.Fingerprint,
        BackendKind = "fake",
        IsRecurrent = true,
        StateType = DataType.Float32,
        PageTokens = 0,
        UnitBytes = 1000,
        From = 0,
        To = tokens.Length,
        Positions = [tokens.Length],
        TokenHash = Hash(tokens),
    };

    public ReadOnlyMemory<int> Tokens => tokens;

    public ValueTask<int> ReadAsync(int first, Memory<byte> destination, CancellationToken cancellationToken = default)
    {
        destination.Span[..1000].Fill(7);
        return new(1);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static string Hash(int[] tokens)
    {
        var bytes = new byte[tokens.Length * sizeof(int)];
        for (var i = 0; i < tokens.Length; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(i * sizeof(int)), tokens[i]);
        }

        return Convert.ToHexStringLower(SHA256.HashData(bytes));
    }
}
