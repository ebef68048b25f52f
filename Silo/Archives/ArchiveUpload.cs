using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Messages;

namespace OrleansLM.Silo.Archives;

/// <summary>An archive that comes in piece by piece, in a file that goes with this object.</summary>
internal sealed class ArchiveUpload(string transferId) : IAsyncDisposable
{
    private readonly FileStream _file = new(
        Path.Combine(Path.GetTempPath(), $"orleanslm-import-{Guid.NewGuid():N}"),
        new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Options = FileOptions.DeleteOnClose | FileOptions.Asynchronous });

    public string TransferId => transferId;

    public async Task AddAsync(ArchiveChunk chunk)
    {
        if (chunk.Offset != _file.Length)
        {
            throw new OrleansLMException(ErrorCode.Aborted, $"a piece at byte {chunk.Offset} of the archive came after {_file.Length} bytes: send it again from the start") { Reason = "TRANSFER_BROKEN" };
        }

        try
        {
            await _file.WriteAsync(chunk.Data);
        }
        catch (IOException full)
        {
            throw new OrleansLMException(ErrorCode.ResourceExhausted, $"the archive cannot be taken in: {full.Message}") { Reason = "TRANSFER_BROKEN" };
        }
    }

    /// <summary>All that came, from the start.</summary>
    public Stream Rewind()
    {
        _file.Position = 0;
        return _file;
    }

    public ValueTask DisposeAsync() => _file.DisposeAsync();
}
