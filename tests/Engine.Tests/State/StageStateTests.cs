using System.Runtime.InteropServices;
using OrleansLM.Engine.Backends.Reference;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.State;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Tests.State;

public sealed class StageStateTests
{
    private static readonly PagedSpec Pages = new(KeyValueHeads: 2, HeadDim: 4, PageTokens: 16, DataType.Float32);
    private static readonly RecurrentSpec Slots = new(Heads: 3, KeyValueHeads: 1, HeadDim: 4);

    [Fact]
    public void Specs_count_bytes_and_units()
    {
        Assert.Equal((64, 1024, 128), (Pages.TokenBytes, Pages.UnitBytes, Pages.PageElements));
        Assert.Equal(512, (Pages with { Type = DataType.BFloat16 }).UnitBytes);
        Assert.Equal([0, 1, 1, 2], new[] { 0, 1, 16, 17 }.Select(Pages.UnitsFor));
        Assert.Equal((192, 1), (Slots.UnitBytes, Slots.UnitsFor(100_000)));
        Assert.Equal((192 + 2 * 6 * 16, 96), ((Slots with { ChunkTokens = 7 }).UnitBytes, (Slots with { ChunkTokens = 7, OpenType = DataType.BFloat16 }).OpenBytes));
        Assert.Equal(4, new RecurrentSpec(1, 1, 1, 2, DataType.BFloat16).OpenBytes);
    }

    [Fact]
    public void A_7B_session_has_the_sizes_of_the_design()
    {
        // 128k tokens of Yarn-Mistral-7B in bf16: 16 GiB; a SUPRA 7B state: 64 MiB, and 3.75 MiB for an open chunk of 16 tokens in f32.
        var mistral = new PagedSpec(8, 128, 64, DataType.BFloat16);
        Assert.Equal(16L << 30, mistral.UnitBytes * mistral.UnitsFor(131072) * 32);
        var supra = new RecurrentSpec(32, 8, 128);
        Assert.Equal((64L << 20, 0), (supra.UnitBytes * 32, supra.OpenBytes));
        supra = supra with { ChunkTokens = 16 };
        Assert.Equal((15L << 18, (64L << 20) + (15L << 18)), (supra.OpenBytes * 32, supra.UnitBytes * 32));
        Assert.Equal(15L << 17, (supra with { OpenType = DataType.BFloat16 }).OpenBytes * 32);
    }

    [Fact]
    public void Copies_reach_every_layer_in_order()
    {
        using var backend = new ReferenceBackend();
        using var state = new StageState(backend, Pages, layers: 2, units: 4);
        Assert.Equal(2 * 4 * 1024, state.SizeInBytes);
        Fill(state, 0, 1);
        Fill(state, 1, 1000);
        state.Apply([new StateCopy(0, 2), new StateCopy(1, 0), new StateCopy(2, 3), new StateCopy(-1, 1)]);
        Assert.All(Values(state, 1), value => Assert.Equal(0f, value));
        Assert.Equal(Expected(1), Values(state, 2));
        Assert.Equal(Expected(1), Values(state, 3));
        Assert.Equal(Expected(1000), Values(state, 0));
    }

    [Fact]
    public void A_unit_moves_to_another_stage_of_the_same_kind()
    {
        using var backend = new ReferenceBackend();
        using var from = new StageState(backend, Slots, layers: 3, units: 2);
        using var to = new StageState(backend, Slots, layers: 3, units: 5);
        var bytes = new byte[from.UnitBytes];
        new Random(4).NextBytes(bytes);
        from.WriteUnit(1, bytes);
        var moved = new byte[from.UnitBytes];
        from.ReadUnit(1, moved);
        to.WriteUnit(4, moved);
        moved.AsSpan().Clear();
        to.ReadUnit(4, moved);
        Assert.Equal(bytes, moved);
    }

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(2, 0)]
    [InlineData(0, 4)]
    public void Units_that_do_not_fit_are_refused(int unit, int extraBytes)
    {
        using var backend = new ReferenceBackend();
        using var state = new StageState(backend, Slots, layers: 1, units: 2);
        Assert.ThrowsAny<ArgumentException>(() => state.ReadUnit(unit, new byte[state.UnitBytes + extraBytes]));
        Assert.ThrowsAny<ArgumentException>(() => state.WriteUnit(unit, new byte[state.UnitBytes + extraBytes]));
    }

    private static void Fill(StageState state, int page, int start) => state.WriteUnit(page, MemoryMarshal.AsBytes<float>(Expected(start)));

    private static float[] Expected(int start) => [.. Enumerable.Range(start, 512).Select(value => (float)value)];

    private static float[] Values(StageState state, int page)
    {
        var values = new float[512];
        state.ReadUnit(page, MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }
}
