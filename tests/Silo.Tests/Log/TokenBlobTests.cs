using OrleansLM.Contracts.Errors;
using OrleansLM.Silo.Log;

namespace OrleansLM.Silo.Tests.Log;

public sealed class TokenBlobTests
{
    [Fact]
    public void Ids_of_every_width_come_back()
    {
        int[] ids = [0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 268_435_455, 268_435_456, int.MaxValue];
        var back = new int[ids.Length];
        TokenBlob.Decode(TokenBlob.Encode(ids), back);
        Assert.Equal(ids, back);
    }

    [Fact]
    public void Random_ids_take_two_or_three_bytes_each()
    {
        var random = new Random(1);
        var ids = Enumerable.Range(0, 10_000).Select(_ => random.Next(32_000)).ToArray();
        var bytes = TokenBlob.Encode(ids);
        var back = new int[ids.Length];
        TokenBlob.Decode(bytes, back);
        Assert.Equal(ids, back);
        Assert.InRange(bytes.Length, 2 * ids.Length * 0.9, 3 * ids.Length);
    }

    [Fact]
    public void Every_flipped_bit_is_found()
    {
        int[] ids = [5, 31_999, 700];
        var bytes = TokenBlob.Encode(ids);
        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            var damaged = bytes.ToArray();
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Equal(ErrorCode.DataLoss, Assert.Throws<OrleansLMException>(() => TokenBlob.Decode(damaged, new int[3])).Code);
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void A_wrong_count_is_found(int count)
    {
        var bytes = TokenBlob.Encode([1, 2_000, 3]);
        Assert.Equal(ErrorCode.DataLoss, Assert.Throws<OrleansLMException>(() => TokenBlob.Decode(bytes, new int[count])).Code);
    }

    [Fact]
    public void Cut_bytes_are_found()
    {
        var bytes = TokenBlob.Encode([1, 2_000, 3]);
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.Throws<OrleansLMException>(() => TokenBlob.Decode(bytes.AsSpan(0, length), new int[3]));
        }
    }
}
