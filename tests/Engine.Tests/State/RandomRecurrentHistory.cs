using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.State;

namespace OrleansLM.Engine.Tests.State;

/// <summary>Recurrent sequences that grow, fork, roll back and end at random; a slot's state is simulated by a hash of the tokens that it has taken in.</summary>
internal sealed class RandomRecurrentHistory(int seed, int slotCount, CheckpointPolicy policy)
{
    private readonly Random _random = new(seed);
    private readonly ulong[] _slots = new ulong[slotCount];
    private readonly StepBatch _batch = new();
    private readonly List<(RecurrentSequenceState State, List<int> Tokens)> _sequences = [];

    public PagePool Pool { get; } = new(slotCount);

    public int Refusals { get; private set; }

    public void Step()
    {
        var action = _random.Next(20);
        if (action < 2 || _sequences.Count == 0)
        {
            _sequences.Add((new RecurrentSequenceState(Pool, policy), []));
        }
        else if (action < 6)
        {
            ForkTruncateOrRelease(action, _sequences[_random.Next(_sequences.Count)]);
        }
        else
        {
            RunBatch();
        }
    }

    /// <summary>All references of the pool are those that the sequences say they hold.</summary>
    public void CheckCounts()
    {
        var references = Enumerable.Range(0, Pool.PageCount).Sum(Pool.References);
        Assert.Equal(_sequences.Sum(sequence => sequence.State.UnitsHeld), references);
        Assert.Equal(Enumerable.Range(0, Pool.PageCount).Count(slot => Pool.References(slot) == 0), Pool.FreeCount);
        Assert.All(_sequences, sequence => Assert.InRange(sequence.State.CheckpointPositions.Count(), 0, policy.MaxCheckpoints));
    }

    public void ReleaseAll()
    {
        foreach (var (state, _) in _sequences)
        {
            state.Release();
        }

        _sequences.Clear();
    }

    private void ForkTruncateOrRelease(int action, (RecurrentSequenceState State, List<int> Tokens) sequence)
    {
        var position = _random.Next(Math.Max(0, sequence.Tokens.Count - 30), sequence.Tokens.Count + 1);
        if (action < 4)
        {
            var fork = (RecurrentSequenceState)sequence.State.Fork(position);
            Assert.True(fork.ComputedLength <= position);
            _sequences.Add((fork, sequence.Tokens[..fork.ComputedLength]));
        }
        else if (action == 4)
        {
            var reached = sequence.State.Truncate(position);
            Assert.True(reached <= position);
            sequence.Tokens.RemoveRange(reached, sequence.Tokens.Count - reached);
        }
        else
        {
            sequence.State.Release();
            _sequences.Remove(sequence);
        }
    }

    private void RunBatch()
    {
        _batch.Clear();
        var running = _sequences.Where(_ => _random.Next(3) == 0).Where(TryAdd).ToArray();
        Apply();
        var segment = 0;
        foreach (var (state, tokens) in running)
        {
            var rows = _batch.Segments[segment++];
            tokens.AddRange(_batch.Tokens.Slice(rows.FirstRow, rows.RowCount));
            state.Advance(rows.RowCount);
            Assert.Equal(Hash(0, tokens), _slots[rows.Slot]);
        }
    }

    private bool TryAdd((RecurrentSequenceState State, List<int> Tokens) sequence)
    {
        var tokens = Enumerable.Range(0, _random.Next(1, 12)).Select(_ => _random.Next()).ToArray();
        if (!sequence.State.TryReserve(tokens.Length, _batch))
        {
            Refusals++;
            return false;
        }

        sequence.State.AddSegment(_batch, tokens);
        return true;
    }

    private void Apply()
    {
        foreach (var copy in _batch.Copies)
        {
            _slots[copy.To] = copy.From < 0 ? 0 : _slots[copy.From];
        }

        foreach (var segment in _batch.Segments)
        {
            _slots[segment.Slot] = Hash(_slots[segment.Slot], _batch.Tokens.Slice(segment.FirstRow, segment.RowCount).ToArray());
        }
    }

    private static ulong Hash(ulong state, IEnumerable<int> tokens)
        => tokens.Aggregate(state, (hash, token) => (hash ^ (uint)token) * 0x100000001B3 + 1);
}
