using System.Runtime.InteropServices;
using OrleansLM.Engine.Runtime.Stages;

namespace OrleansLM.Engine.Tests.Runtime.Stages;

/// <summary>What an engine elsewhere asks for is held to what the last stage has, before anything is done.</summary>
public sealed class RowRequestsTests
{
    private const int Slots = 4;
    private const int Vocabulary = 100;

    [Fact]
    public void What_goes_together_is_taken() => new RowRequests
    {
        Rows = [Row(counts: 3, fill: 2, biases: 1), Row(counts: -1, fill: -1, biases: 0)],
        BiasIds = [99],
        BiasValues = [1f],
        Fills = [5, 1, 7, 3],
    }.Require(Vocabulary, Slots);

    [Fact]
    public void A_row_of_the_counts_that_is_not_there_is_refused() =>
        Refused(() => new RowRequests { Rows = [Row(counts: Slots, fill: -1, biases: 0)] }.Require(Vocabulary, Slots), "row 4 of 4");

    [Fact]
    public void Biases_and_counts_that_nobody_asked_for_are_refused()
    {
        Refused(() => new RowRequests { Rows = [Row(counts: 0, fill: -1, biases: 0)], BiasIds = [1], BiasValues = [1f] }.Require(Vocabulary, Slots), "1 biases");
        Refused(() => new RowRequests { Rows = [Row(counts: 0, fill: 2, biases: 0)], Fills = [1, 1] }.Require(Vocabulary, Slots), "ask for 0 and 2");
    }

    [Fact]
    public void Tokens_that_the_model_lacks_are_refused()
    {
        Refused(() => new RowRequests { Rows = [Row(counts: 0, fill: 1, biases: 0)], Fills = [Vocabulary, 1] }.Require(Vocabulary, Slots), "token 100");
        Refused(() => new RowRequests { Rows = [Row(counts: -1, fill: -1, biases: 1)], BiasIds = [-1], BiasValues = [1f] }.Require(Vocabulary, Slots), "token -1");
    }

    private static void Refused(Action require, string reason) => Assert.Contains(reason, Assert.Throws<InvalidDataException>(require).Message, StringComparison.Ordinal);

    /// <summary>As it lies on the wire.</summary>
    private static RowRequest Row(int counts, int fill, int biases)
    {
        Span<byte> bytes = stackalloc byte[Marshal.SizeOf<RowRequest>()];
        bytes.Clear();
        Span<int> tail = MemoryMarshal.Cast<byte, int>(bytes)[^4..];
        (tail[0], tail[1], tail[2]) = (counts, fill, biases);
        return MemoryMarshal.Read<RowRequest>(bytes);
    }
}
