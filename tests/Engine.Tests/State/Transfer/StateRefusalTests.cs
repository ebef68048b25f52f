using System.Buffers.Binary;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.State.Transfer;
using OrleansLM.Engine.Tests.Runtime;

namespace OrleansLM.Engine.Tests.State.Transfer;

/// <summary>Stored states that do not belong here, or are not whole, are refused with the reason, and the sequence then computes for itself.</summary>
public sealed class StateRefusalTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Cut_short_anywhere_it_is_refused(bool recurrent)
    {
        await using var engine = HashEngine.Start(recurrent);
        var stored = await StoredAsync(engine);
        for (var length = 0; length < stored.Bytes.Length; length += Math.Max(1, stored.Bytes.Length / 50))
        {
            await RefusedAsync(engine, stored.Bytes[..length], StateFault.Truncated, "cut short");
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task With_any_bit_flipped_it_is_refused(bool recurrent)
    {
        await using var engine = HashEngine.Start(recurrent);
        var stored = await StoredAsync(engine);
        for (var at = 0; at < stored.Bytes.Length; at += Math.Max(1, stored.Bytes.Length / 60))
        {
            var bytes = stored.Bytes.ToArray();
            bytes[at] ^= (byte)(1 << at % 8);
            await RefusedAsync(engine, bytes);
        }
    }

    [Fact]
    public async Task Other_weights_other_kinds_and_other_page_sizes_are_refused_by_name()
    {
        await using var engine = HashEngine.Start();
        var stored = await StoredAsync(engine);
        await using var weights = HashEngine.Start(fingerprint: "two");
        await RefusedAsync(weights, stored.Bytes, StateFault.OtherModel, "fingerprint) is one; expected two");
        await using var recurrent = HashEngine.Start(recurrent: true);
        await RefusedAsync(recurrent, stored.Bytes, StateFault.OtherModel, "keys and values; expected recurrent");
        await using var pages = HashEngine.Start(pageTokens: 32);
        await RefusedAsync(pages, stored.Bytes, StateFault.OtherModel, "page size in tokens is 16; expected 32");
    }

    [Fact]
    public async Task Another_version_is_refused()
    {
        await using var engine = HashEngine.Start();
        var stored = await StoredAsync(engine);
        BinaryPrimitives.WriteInt32LittleEndian(stored.Bytes.AsSpan(8), 99);
        await RefusedAsync(engine, stored.Bytes, StateFault.Version, "version 99; this program reads version 1");
        await RefusedAsync(engine, "this is a letter to Fanny Price"u8.ToArray(), StateFault.NotAState, "mark");
    }

    [Fact]
    public async Task Other_tokens_are_refused_with_the_position()
    {
        await using var engine = HashEngine.Start();
        var stored = await StoredAsync(engine);
        var tokens = LoopRig.Tokens(100);
        tokens[42]++;
        await RefusedAsync(engine, stored.Bytes, StateFault.OtherTokens, "position 42", tokens);
        await RefusedAsync(engine, stored.Bytes, StateFault.OtherTokens, "the sequence has 60", LoopRig.Tokens(60));
    }

    [Fact]
    public async Task A_tail_without_its_beginning_is_refused()
    {
        await using var engine = HashEngine.Start();
        var source = engine.CreateSequence(LoopRig.Tokens(100));
        await TinyEngine.GenerateAsync(source, [], 1);
        var tail = await StoredStates.OfAsync(source, new StateExportOptions { From = 64 });
        await RefusedAsync(engine, tail.Bytes, StateFault.OtherTokens, "position 64");
    }

    private static async Task<StoredStates> StoredAsync(InferenceEngine engine)
    {
        await using var source = engine.CreateSequence(LoopRig.Tokens(100));
        await TinyEngine.GenerateAsync(source, [], 1);
        return await StoredStates.OfAsync(source);
    }

    private static async Task RefusedAsync(InferenceEngine engine, byte[] bytes, StateFault? fault = null, string reason = "", int[]? tokens = null)
    {
        tokens ??= LoopRig.Tokens(100);
        var used = engine.GetStatus().PagesUsed;
        await using var target = engine.CreateSequence(tokens);
        var error = await Assert.ThrowsAsync<StateException>(async () => await target.ImportAsync(await new StoredStates(bytes).OpenAsync()));
        Assert.Equal(fault ?? error.Fault, error.Fault);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Equal(0, target.ComputedLength);
        Assert.Equal(used, engine.GetStatus().PagesUsed);
    }
}
