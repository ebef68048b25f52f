using OrleansLM.Engine.Runtime.Links;

namespace OrleansLM.Engine.Tests.Runtime.Links;

public sealed class ChecksumTests
{
    [Fact]
    public void Pieces_and_the_whole_have_one_checksum()
    {
        var bytes = new byte[1000];
        new Random(1).NextBytes(bytes);
        foreach (var cut in new[] { 0, 32, 320, 992 })
        {
            var checksum = default(Checksum);
            checksum.Append(bytes.AsSpan(0, cut));
            checksum.Append(bytes.AsSpan(cut));
            Assert.Equal(Checksum.Of(bytes), checksum.Value);
        }
    }

    [Fact]
    public void Every_flipped_bit_and_every_lost_zero_changes_it()
    {
        var bytes = new byte[77];
        new Random(2).NextBytes(bytes);
        var whole = Checksum.Of(bytes);
        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.NotEqual(whole, Checksum.Of(bytes));
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        Assert.NotEqual(Checksum.Of(new byte[64]), Checksum.Of(new byte[96]));
    }
}
