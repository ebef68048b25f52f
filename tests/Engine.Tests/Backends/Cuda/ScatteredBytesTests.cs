using OrleansLM.Engine.Backends.Cuda;

namespace OrleansLM.Engine.Tests.Backends.Cuda;

/// <summary>Blocks of a device as one run of bytes: every byte is in one piece, at its place.</summary>
public sealed class ScatteredBytesTests
{
    [Theory]
    [InlineData(1, 64, 256)]
    [InlineData(3, 64, 128)]
    [InlineData(5, 100, 256)]
    [InlineData(2, 1000, 256)]
    [InlineData(4, 256, 256)]
    public void Pieces_cover_all_blocks_in_order(int blocks, int blockBytes, int pieceBytes)
    {
        var addresses = Enumerable.Range(0, blocks).Select(i => 10_000ul * (ulong)(blocks - i)).ToArray();
        var scattered = new ScatteredBytes(addresses, blockBytes, pieceBytes);
        var found = new List<ulong>();
        for (var piece = 0; piece < scattered.Pieces; piece++)
        {
            var (start, count) = scattered.Piece(piece);
            Assert.Equal(found.Count, start);
            scattered.ForEach(start, count, (address, at, size) =>
            {
                Assert.Equal(found.Count - start, at);
                found.AddRange(Enumerable.Range(0, size).Select(i => address + (ulong)i));
            });
        }

        Assert.Equal(addresses.SelectMany(address => Enumerable.Range(0, blockBytes).Select(i => address + (ulong)i)), found);
    }
}
