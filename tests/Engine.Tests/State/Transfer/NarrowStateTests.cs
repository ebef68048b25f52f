using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.State.Transfer;
using OrleansLM.Engine.Tensors;
using OrleansLM.Engine.Tests.Runtime;

namespace OrleansLM.Engine.Tests.State.Transfer;

/// <summary>Keys and values of eight bits: a state of their own kind.</summary>
public sealed class NarrowStateTests
{
    [Fact]
    public async Task They_take_a_quarter_of_the_memory_and_move_bit_for_bit()
    {
        await using var wide = TinyEngine.Load(TinyEngine.Yarn, Options(DataType.Float32));
        await using var engine = TinyEngine.Load(TinyEngine.Yarn, Options(DataType.Float8E4M3));
        Assert.Equal(wide.Description.StateBytesPerToken, 4 * engine.Description.StateBytesPerToken);
        Assert.Equal((DataType.Float8E4M3, "-kv8"), (engine.Description.StateType, engine.Description.BackendKind[^4..]));

        await using var source = engine.CreateSequence([1, 300, 400, 500, 600, 700]);
        await TinyEngine.GenerateAsync(source, [], 3);
        var stored = await StoredStates.OfAsync(source);
        await using var target = engine.CreateSequence(source.CopyTokens(0, source.Length));
        Assert.Equal(source.ComputedLength, await target.ImportAsync(await stored.OpenAsync()));
        Assert.Equal(TinyEngine.Bits(await TinyEngine.GenerateAsync(source, [], 3)), TinyEngine.Bits(await TinyEngine.GenerateAsync(target, [], 3)));

        await using var other = wide.CreateSequence([1, 300, 400, 500, 600, 700]);
        await Assert.ThrowsAsync<StateException>(async () => await other.ImportAsync(await stored.OpenAsync()));
    }

    [Fact]
    public void A_processor_has_none() => Assert.Contains(
        "StateType is Float8E4M3",
        Assert.Throws<ArgumentException>(() => TinyEngine.Load(TinyEngine.Yarn, new EngineOptions { StateType = DataType.Float8E4M3 })).Message);

    private static EngineOptions Options(DataType type) => new() { Backend = "reference", StateType = type, StateBytes = 1 << 20 };
}
