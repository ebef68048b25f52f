using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.State.Transfer;

namespace OrleansLM.Engine.Tests.State.Transfer;

/// <summary>A stored state in memory.</summary>
internal sealed record StoredStates(byte[] Bytes)
{
    public static async Task<StoredStates> OfAsync(IEngineSequence sequence, StateExportOptions? options = null)
    {
        await using var export = await sequence.ExportAsync(options);
        return await OfAsync(export);
    }

    public static async Task<StoredStates> OfAsync(IStateExport export)
    {
        var bytes = new MemoryStream();
        await StateWriter.WriteAsync(export, bytes);
        Assert.InRange(bytes.Length, 1, StateWriter.SizeOf(export));
        return new StoredStates(bytes.ToArray());
    }

    public Task<StateReader> OpenAsync() => StateReader.OpenAsync(new MemoryStream(Bytes));
}
