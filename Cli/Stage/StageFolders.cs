using OrleansLM.Engine.Runtime.Stages;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Cli.Stage;

/// <summary>Model folders, by their own names. All are opened once at the start, so that a mistake shows there.</summary>
internal sealed class StageFolders : IStageModels
{
    private readonly Dictionary<string, string> _folders;

    public StageFolders(IEnumerable<string> folders)
    {
        _folders = folders.ToDictionary(Checkpoint.FolderName, StringComparer.Ordinal);
        foreach (var folder in _folders.Values)
        {
            Checkpoint.Open(folder).Dispose();
        }
    }

    public Checkpoint Open(string model) => _folders.TryGetValue(model, out var folder)
        ? Checkpoint.Open(folder)
        : throw new CheckpointException($"there is no model '{model}' here; expected {string.Join(", ", _folders.Keys)}");
}
