using OrleansLM.Engine.Runtime;

namespace OrleansLM.Silo.Snapshots;

/// <summary>
/// What a session has computed since its snapshot was written, in parts. Each begins at the page in which what is stored before it ends, and is found by that position alone, so any
/// silo can go on from them. Its caller lets in one operation at a time.
/// </summary>
/// <param name="snapshots">Where they lie.</param>
/// <param name="sessionId">Whose they are.</param>
internal sealed class SnapshotParts(SessionSnapshots snapshots, string sessionId) : IDisposable
{
    private readonly List<(int From, int To, long Bytes)> _known = [];

    /// <summary>Brings in one part after the other, as long as there is one that goes on from what is computed.</summary>
    public async Task LoadAsync(IEngineSequence sequence, int pageTokens)
    {
        int before;
        do
        {
            before = sequence.ComputedLength;
            var from = before - (before % pageTokens);
            if (await snapshots.LoadAsync(SnapshotName.PartOf(sessionId, from), sequence) > before)
            {
                Remember(from, sequence.ComputedLength, 0);
            }
        }
        while (sequence.ComputedLength > before);
    }

    /// <summary>Writes the whole pages that are computed behind the first <paramref name="stored"/> tokens.</summary>
    /// <returns>Tokens that are stored then.</returns>
    public async Task<int> AppendAsync(IEngineSequence sequence, int stored, int pageTokens)
    {
        var from = stored - (stored % pageTokens);
        if (await snapshots.SavePartAsync(SnapshotName.PartOf(sessionId, from), sequence, from) is not { } saved)
        {
            return stored;
        }

        Remember(from, saved.Tokens, saved.Bytes);
        return saved.Tokens;
    }

    /// <summary>How many tokens of <paramref name="stored"/> are still there, now that the quota may have taken some away. Those that are count as used.</summary>
    public int Check(int stored)
    {
        foreach (var part in _known.OrderBy(part => part.From).ToList())
        {
            if (part.From < stored && !snapshots.IsThere(SnapshotName.PartOf(sessionId, part.From)))
            {
                Forget(part);
                stored = part.From;
            }
        }

        return stored;
    }

    /// <summary>The session was rolled back, or all of it lies in a snapshot: parts from there on go.</summary>
    public void DeleteFrom(int position)
    {
        foreach (var part in _known.Where(part => part.From >= position).ToList())
        {
            snapshots.Delete(SnapshotName.PartOf(sessionId, part.From));
            Forget(part);
        }
    }

    /// <summary>They stay in the store; this silo goes on without them.</summary>
    public void Dispose() => _known.ToList().ForEach(Forget);

    private void Remember(int from, int to, long bytes)
    {
        _known.Where(part => part.From == from).ToList().ForEach(Forget);
        _known.Add((from, to, bytes));
    }

    private void Forget((int From, int To, long Bytes) part)
    {
        _known.Remove(part);
        snapshots.PartForgotten(part.Bytes);
    }
}
