using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.State.Transfer;
using OrleansLM.Engine.Tests.Runtime;

namespace OrleansLM.Engine.Tests.State.Transfer;

/// <summary>State that leaves an engine as bytes and comes into another: nothing is computed again, and the tokens are the same.</summary>
public sealed class StateTransferTests
{
    [Theory]
    [InlineData(false, null)]
    [InlineData(false, 40)]
    [InlineData(true, null)]
    public async Task A_sequence_goes_on_elsewhere_without_computing_anything_again(bool recurrent, int? window)
    {
        await using var engine = HashEngine.Start(recurrent, window);
        await using var other = HashEngine.Start(recurrent, window);
        var source = engine.CreateSequence(LoopRig.Tokens(150));
        await TinyEngine.GenerateAsync(source, [], 7);
        var stored = await StoredStates.OfAsync(source);

        var target = other.CreateSequence(source.CopyTokens(0, 157));
        Assert.Equal(156, await target.ImportAsync(await stored.OpenAsync()));
        var outputs = await TinyEngine.GenerateAsync(target, [], 30);
        Assert.Equal(LoopRig.Ids(await TinyEngine.GenerateAsync(source, [], 30)), LoopRig.Ids(outputs));
        Assert.Equal(0, outputs[^1].Usage!.PrefilledTokens - 1);
    }

    [Theory]
    [InlineData(TinyEngine.Yarn)]
    [InlineData(TinyEngine.Supra)]
    public async Task Real_states_move_between_engines_with_other_stages_bit_for_bit(string model)
    {
        await using var engine = TinyEngine.Load(model, TinyEngine.Options() with { Threads = 1 });
        await using var other = TinyEngine.Load(model, TinyEngine.Options(stages: 3) with { Threads = 1 });
        await using var source = engine.CreateSequence([1, .. Enumerable.Range(0, 150).Select(i => 300 + i * 17)]);
        await TinyEngine.GenerateAsync(source, [], 5);
        var stored = await StoredStates.OfAsync(source);
        await using var target = other.CreateSequence(source.CopyTokens(0, source.Length));
        Assert.Equal(source.ComputedLength, await target.ImportAsync(await stored.OpenAsync()));
        Assert.Equal(TinyEngine.Bits(await TinyEngine.GenerateAsync(source, [], 12)), TinyEngine.Bits(await TinyEngine.GenerateAsync(target, [], 12)));
    }

    [Fact]
    public async Task Checkpoints_travel_with_a_recurrent_state()
    {
        await using var engine = HashEngine.Start(recurrent: true);
        await using var other = HashEngine.Start(recurrent: true);
        var source = engine.CreateSequence(LoopRig.Tokens(100));
        await TinyEngine.GenerateAsync(source, [], 1);
        var stored = await StoredStates.OfAsync(source);
        var target = other.CreateSequence(LoopRig.Tokens(100));
        await target.ImportAsync(await stored.OpenAsync());
        await target.TruncateAsync(90);
        Assert.Equal(80, target.ComputedLength);
        await source.TruncateAsync(90);
        Assert.Equal(LoopRig.Ids(await TinyEngine.GenerateAsync(source, [], 5)), LoopRig.Ids(await TinyEngine.GenerateAsync(target, [], 5)));
    }

    [Theory]
    [InlineData(false, 100, 100)]
    [InlineData(true, 100, 96)]
    public async Task A_part_of_a_stored_state_serves_a_sequence_that_parted_from_it(bool recurrent, int common, int reached)
    {
        await using var engine = HashEngine.Start(recurrent);
        var source = engine.CreateSequence(LoopRig.Tokens(130));
        await TinyEngine.GenerateAsync(source, [], 1);
        var stored = await StoredStates.OfAsync(source);
        int[] parted = [.. LoopRig.Tokens(130)[..common], .. LoopRig.Tokens(40, seed: 9)];
        var target = engine.CreateSequence(parted);
        Assert.Equal(reached, await target.ImportAsync(await stored.OpenAsync(), upTo: common));
        var plain = engine.CreateSequence(parted);
        Assert.Equal(LoopRig.Ids(await TinyEngine.GenerateAsync(plain, [], 9)), LoopRig.Ids(await TinyEngine.GenerateAsync(target, [], 9)));
    }

    [Fact]
    public async Task Pages_are_copied_while_the_sequence_goes_on_and_the_tail_follows()
    {
        await using var engine = HashEngine.Start();
        await using var other = HashEngine.Start();
        var source = engine.CreateSequence(LoopRig.Tokens(100));
        await TinyEngine.GenerateAsync(source, [], 1);
        var pages = await StoredStates.OfAsync(source, new StateExportOptions { WholePagesOnly = true });
        await TinyEngine.GenerateAsync(source, [], 50);
        var tail = await StoredStates.OfAsync(source, new StateExportOptions { From = 96 });
        Assert.True(tail.Bytes.Length < pages.Bytes.Length);

        var first = other.CreateSequence(source.CopyTokens(0, 101));
        Assert.Equal(96, await first.ImportAsync(await pages.OpenAsync()));
        var target = other.CreateSequence(source.CopyTokens(0, source.Length));
        Assert.Equal(96, await target.ShareAsync(first));
        await first.DisposeAsync();
        Assert.Equal(source.ComputedLength, await target.ImportAsync(await tail.OpenAsync()));
        Assert.Equal(LoopRig.Ids(await TinyEngine.GenerateAsync(source, [], 20)), LoopRig.Ids(await TinyEngine.GenerateAsync(target, [], 20)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_state_is_exported_as_it_was_while_its_turn_goes_on(bool recurrent)
    {
        await using var engine = HashEngine.Start(recurrent);
        var source = engine.CreateSequence(LoopRig.Tokens(40));
        var turn = source.Submit(LoopRig.Request([], 400));
        while (await turn.Output.ReadAsync() is { Kind: not TurnOutputKind.Token })
        {
            // The prompt is being computed.
        }

        await using var export = await source.ExportAsync();
        var outputs = await TinyEngine.ReadAsync(turn);
        var stored = await StoredStates.OfAsync(export);
        await using var target = engine.CreateSequence(source.CopyTokens(0, export.Header.To + 1));
        await target.ImportAsync(await stored.OpenAsync());
        var expected = source.CopyTokens(export.Header.To + 1, 440);
        Assert.Equal(399, LoopRig.Ids(outputs).Length);
        Assert.Equal(expected, LoopRig.Ids(await TinyEngine.GenerateAsync(target, [], expected.Length)));
    }

    [Fact]
    public async Task An_export_gives_way_when_memory_runs_short()
    {
        await using var engine = HashEngine.Start(pages: 8);
        var source = engine.CreateSequence(LoopRig.Tokens(100));
        await TinyEngine.GenerateAsync(source, [], 1);
        await using var export = await source.ExportAsync();
        await source.DisposeAsync();
        await TinyEngine.GenerateAsync(engine.CreateSequence(LoopRig.Tokens(90, seed: 3)), [], 10);
        var error = await Assert.ThrowsAsync<EngineException>(() => StateWriter.WriteAsync(export, Stream.Null));
        Assert.Equal(EngineError.ResourceExhausted, error.Error);
    }

    [Fact]
    public async Task An_import_drops_what_is_idle_to_make_room()
    {
        await using var engine = HashEngine.Start(pages: 10);
        var source = engine.CreateSequence(LoopRig.Tokens(100));
        await TinyEngine.GenerateAsync(source, [], 1);
        var stored = await StoredStates.OfAsync(source);
        var target = engine.CreateSequence(LoopRig.Tokens(100));
        Assert.Equal(100, await target.ImportAsync(await stored.OpenAsync()));
        Assert.Equal(0, source.ComputedLength);
        Assert.Equal(1, engine.GetStatus().Evictions);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task States_are_shared_between_sequences_with_a_common_beginning(bool recurrent, bool shorter)
    {
        await using var engine = HashEngine.Start(recurrent);
        var donor = engine.CreateSequence(LoopRig.Tokens(80));
        await TinyEngine.GenerateAsync(donor, [], 1);
        int[] tokens = shorter ? LoopRig.Tokens(80)[..50] : [.. LoopRig.Tokens(80), 33, 44];
        var target = engine.CreateSequence(tokens);
        Assert.Equal(shorter ? 50 : 80, await target.ShareAsync(donor));
        var plain = engine.CreateSequence(tokens);
        Assert.Equal(LoopRig.Ids(await TinyEngine.GenerateAsync(plain, [], 9)), LoopRig.Ids(await TinyEngine.GenerateAsync(target, [], 9)));
    }

    [Fact]
    public async Task A_busy_sequence_takes_nothing_in_and_an_empty_one_gives_nothing_out()
    {
        await using var engine = HashEngine.Start();
        var source = engine.CreateSequence(LoopRig.Tokens(40));
        Assert.Equal(EngineError.InvalidArgument, (await Assert.ThrowsAsync<EngineException>(() => source.ExportAsync().AsTask())).Error);
        await TinyEngine.GenerateAsync(source, [], 1);
        var stored = await StoredStates.OfAsync(source);
        Assert.Contains("multiple of 16", (await Assert.ThrowsAsync<EngineException>(() => source.ExportAsync(new StateExportOptions { From = 8 }).AsTask())).Message, StringComparison.Ordinal);
        var turn = source.Submit(LoopRig.Request([], 100_000));
        Assert.Equal(EngineError.Busy, (await Assert.ThrowsAsync<EngineException>(async () => await source.ImportAsync(await stored.OpenAsync()))).Error);
        turn.Cancel();
        await TinyEngine.ReadAsync(turn);
        Assert.Equal(1, engine.GetStatus().Sequences);
    }
}
